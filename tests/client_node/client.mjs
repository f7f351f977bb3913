// `node client.mjs <command> <settings.json> [arguments]`: prints one JSON line. Written from docs/write-a-client.md.

import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import {
  Directory, checkDelivery, fingerprint, message, murmur2, openSection, partitionOf, sealSection, sha256,
  signDetached, verifyCompact, verifyDetached,
} from './protocol.mjs';

const { Kafka, Partitioners, logLevel } = kafkajs;
const [command, file, ...rest] = process.argv.slice(2);
const settings = JSON.parse(readFileSync(file));

class Client {
  constructor() {
    const { bootstrap, security_protocol: protocol, ca_file: ca } = settings.kafka;
    this.slug = settings.slug;
    this.kafka = new Kafka({
      clientId: this.slug,
      brokers: [bootstrap],
      ssl: protocol.endsWith('SSL') ? { ca: ca ? [readFileSync(ca)] : undefined } : false,
      sasl: { mechanism: 'scram-sha-512', username: this.slug, password: settings.kafka.password },
      logLevel: logLevel.NOTHING,
    });
    this.directory = new Directory(settings.pins);
    this.deliveries = [];
  }

  async connect() {
    for (const record of await this.readAll('directory')) {
      await this.directory.take(record.key.toString(), record.value.toString());
    }
    this.producer = this.kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner, idempotent: true, maxInFlightRequests: 1,
    });
    await this.producer.connect();
  }

  /** Every committed record that is in a topic now, by partition and offset. */
  async readAll(topic) {
    const admin = this.kafka.admin();
    await admin.connect();
    const ends = new Map((await admin.fetchTopicOffsets(topic)).map((each) => [each.partition, BigInt(each.high)]));
    await admin.disconnect();
    const found = [];
    const left = new Set([...ends].filter(([, end]) => end > 0n).map(([partition]) => partition));
    if (!left.size) return found;
    const consumer = this.kafka.consumer({ groupId: `${this.slug}.client-${randomUUID()}` });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
        // A transaction ends with a mark that no reader is shown, so the position counts and not the last record.
        if (BigInt(payload.lastOffset) + 1n >= ends.get(payload.partition)) left.delete(payload.partition);
        if (!left.size) resolve();
      });
      consumer.run({
        eachMessage: async ({ partition, message: record }) => {
          if (BigInt(record.offset) < ends.get(partition)) found.push({ partition, ...record });
        },
      }).catch(reject);
    });
    await consumer.disconnect();
    return found.sort((a, b) => a.partition - b.partition || Number(BigInt(a.offset) - BigInt(b.offset)));
  }

  /** Sign exactly these bytes and bring them to the outbox; the message's hash. */
  async send({ event, value }) {
    const jws = await signDetached(value, settings.keys.signing);
    const headers = { jws, 'content-type': 'application/cloudevents+json' };
    const [sent] = await this.producer.send({
      topic: `${this.slug}.outbox`, acks: -1, messages: [{ key: event.subject, value, headers }],
    });
    if (sent.partition !== partitionOf(event.subject, settings.slots)) throw new Error('this partitioner differs');
    return sha256(value);
  }

  /** Read and check the whole inbox; a hole in a partition's sequences is an error. */
  async readInbox() {
    this.deliveries = [];
    const next = new Map();
    for (const record of await this.readAll(`${this.slug}.inbox`)) {
      const checked = await checkDelivery(record, { slug: this.slug, epoch: settings.epoch, directory: this.directory });
      const expected = (next.get(record.partition) ?? 0) + 1;
      if (checked.sequence !== expected) throw new Error(`hole in partition ${record.partition} before ${checked.sequence}`);
      next.set(record.partition, checked.sequence);
      this.deliveries.push({ partition: record.partition, ...checked });
    }
    return this.deliveries;
  }

  /** What the gate said of a message: waits for it. */
  async verdict(hash) {
    for (let tries = 0; tries < 60; tries += 1) {
      const found = (await this.readInbox())
        .find(({ name, event }) => name === 'verdicts.given' && event.data.body.message.hash === hash);
      if (found) return found.event.data.body;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error('no verdict came');
  }

  async say(name, subject, body, data = {}, id = randomUUID()) {
    const made = message(this.slug, name, subject, body, data, id);
    const { verdict, reasons = [] } = await this.verdict(await this.send(made));
    return { name, id, verdict, reasons: reasons.map(({ code, missing = [] }) => ({ code, missing })) };
  }
}

const worker = settings.professional;
const commands = {
  /** Open a case, record consent, and share a sealed section with another organisation. */
  async share(client, to, text) {
    const subject = `case:${randomUUID()}`;
    const persons = [
      { ref: 'child-1', role: 'YOUTH', birth_date: '2018-01-15', custody: [{ holder: 'mother', checked_on: '2026-03-01' }] },
      { ref: 'mother', role: 'PARENT', birth_date: '1990-05-05' },
    ];
    const opened = await client.say('cases.opened', subject, { persons, lead: worker }, { by: worker });
    const yes = {
      statement: randomUUID(), about: 'child-1', given_by: 'mother', decision: 'GRANTED', how_asked: 'IN_PERSON',
      scope: { categories: ['CONCERNS'], recipients: [to], purposes: ['JOINT_SUPPORT'] },
    };
    const share = async () => {
      const id = randomUUID();
      const section = {
        category: 'CONCERNS', about: ['child-1'], kind: 'OBSERVATION', as_of: '2026-03-02',
        source: { kind: 'OWN_OBSERVATION' }, bases: [{ person: 'child-1', secrecy: 'CONSENT' }],
      };
      const letter = { source: client.slug, recipient: to, subject, id };
      const { row, jwe } = await sealSection(section, text, letter, client.directory.sealingKey(to));
      const manifest = { purpose: 'JOINT_SUPPORT', sections: [row] };
      const data = { to: [to], by: worker, manifest, sealed: { [row.item]: jwe } };
      return client.say('dossiers.shared', subject, {}, data, id);
    };
    const tooSoon = await share();
    const consent = await client.say('consents.recorded', subject, yes, { by: worker });
    return { subject, said: [opened, tooSoon, consent, await share()] };
  },

  /** Open every letter of a case, and say what is stored. */
  async receive(client, subject) {
    const inbox = await client.readInbox();
    const letters = [];
    for (const { event, name, partition, sequence } of inbox) {
      if (event.subject !== subject || event.source === 'gate') continue;
      for (const row of event.data.manifest?.sections ?? []) {
        const body = await openSection(event, row, client.slug, settings.keys.sealing);
        letters.push({ id: event.id, name, from: event.source, partition, sequence, category: row.category, body });
      }
    }
    const partition = partitionOf(subject, settings.slots);
    const upTo = Math.max(...inbox.filter((one) => one.partition === partition).map((one) => one.sequence));
    await client.send(message(client.slug, 'receipts.stored', subject, { partition, up_to: upTo }));
    return { letters, up_to: upTo, notices: inbox.map(({ name }) => name).filter((name) => name.startsWith('notices.')) };
  },
};

/** The worked example of the documentation, worked out again. */
async function vectors() {
  const { keys, fingerprint_of_sender: print, partitions, section, message: told, delivery } = settings;
  const value = Buffer.from(told.value, 'utf8');
  const event = JSON.parse(told.value);
  const [row] = event.data.manifest.sections;
  const keyOf = (kid) => {
    const { d: _, ...publicKey } = Object.values(keys).find((key) => key.kid === kid);
    return publicKey;
  };
  return {
    fingerprint: fingerprint(keyOf(keys.sender.kid)) === print,
    partitions: partitions.every((one) => murmur2(one.subject) === one.murmur2 && partitionOf(one.subject, one.slots) === one.partition),
    hash: sha256(value) === told.sha256,
    signature: (await signDetached(value, keys.sender)) === told.jws,
    verified: (await verifyDetached(value, told.jws, keyOf)) === keys.sender.kid,
    digest: sha256(Buffer.from(section.salt, 'base64url'), section.text) === section.digest,
    opened: (await openSection(event, row, event.data.to[0], keys.recipient)) === section.text,
    entry: (await verifyCompact(delivery.seal, keyOf)).payload.toString() === delivery.entry,
    entry_hash: sha256(delivery.seal) === delivery.entry_hash,
  };
}

let answer;
if (command === 'vectors') {
  answer = await vectors();
} else {
  const client = new Client();
  await client.connect();
  answer = { ...(await commands[command](client, ...rest)), ignored: client.directory.ignored };
  await client.producer.disconnect();
}
console.log(JSON.stringify(answer));
