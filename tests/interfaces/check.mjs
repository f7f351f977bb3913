// Prints what the official parser has against an AsyncAPI document, and what it found in it.
import { readFile } from "node:fs/promises";
import { Parser, fromFile } from "@asyncapi/parser";

const [file] = process.argv.slice(2);
const { document, diagnostics } = await fromFile(new Parser(), file).parse();
const told = {
  version: JSON.parse(await readFile(file, "utf8")).asyncapi,
  problems: diagnostics.map(({ severity, message, path }) => ({ severity, message, place: path.join("/") })),
  channels: document ? document.allChannels().all().map((channel) => channel.address()) : [],
  operations: document ? document.allOperations().all().map((operation) => operation.id()) : [],
  messages: document
    ? document.allMessages().all().map((message) => ({ name: message.name(), fields: fields(message.payload()) }))
    : [],
};
console.log(JSON.stringify(told));

// The fields that the body of a message has, as the parser resolved them.
function fields(payload) {
  const parts = payload?.allOf() ?? [];
  const body = parts[1]?.properties()?.data?.properties()?.body;
  return Object.keys(body?.properties() ?? {});
}
