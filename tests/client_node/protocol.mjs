// The protocol of docs/write-a-client.md: bytes in, bytes out. Nothing here reads or writes anything.

import { createHash, randomBytes, randomUUID } from 'node:crypto';
import * as jose from 'jose';

const text = new TextEncoder();
const HEARD = 60_000; // milliseconds that a revocation may take to reach the gate
const SEAL_HEADER = { alg: 'ECDH-ES+A256KW', enc: 'A256GCM' };

export const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** Section "Partition": murmur2 as Kafka's Java client counts it, without its sign bit. */
export function murmur2(key) {
  const data = Buffer.from(key, 'utf8');
  const M = 0x5bd1e995;
  let h = 0x9747b28c ^ data.length;
  const whole = data.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let k = Math.imul(data.readInt32LE(i), M);
    k = Math.imul(k ^ (k >>> 24), M);
    h = Math.imul(h, M) ^ k;
  }
  const rest = data.length - whole;
  if (rest >= 3) h ^= data[whole + 2] << 16;
  if (rest >= 2) h ^= data[whole + 1] << 8;
  if (rest >= 1) h = Math.imul(h ^ data[whole], M);
  h = Math.imul(h ^ (h >>> 13), M);
  return (h ^ (h >>> 15)) & 0x7fffffff;
}

export const partitionOf = (subject, slots) => murmur2(subject) % slots;

/** Section "Signature". `value`: a Buffer of the exact bytes. */
export async function signDetached(value, jwk) {
  const key = await jose.importJWK(jwk, 'Ed25519');
  const header = { alg: 'Ed25519', b64: false, crit: ['b64'], kid: jwk.kid };
  const signed = await new jose.FlattenedSign(value).setProtectedHeader(header).sign(key);
  return `${signed.protected}..${signed.signature}`;
}

const headerOf = (protectedHeader) => JSON.parse(Buffer.from(protectedHeader, 'base64url').toString());
const exactly = (object, ...names) =>
  JSON.stringify(Object.keys(object).sort()) === JSON.stringify([...names].sort());

/** The kid that signed; throws. `keyOf(kid)`: a public JWK or undefined. */
export async function verifyDetached(value, jws, keyOf) {
  const [protectedHeader, signature] = jws.split('..');
  const header = headerOf(protectedHeader);
  if (!exactly(header, 'alg', 'b64', 'crit', 'kid') || header.b64 !== false) throw new Error('header of a signature');
  const key = keyOf(header.kid);
  if (!key) throw new Error('signed with an unknown key');
  const jwsParts = { protected: protectedHeader, payload: value, signature };
  await jose.flattenedVerify(jwsParts, await jose.importJWK(key, 'Ed25519'), { algorithms: ['Ed25519'] });
  return header.kid;
}

/** The payload (Buffer) and kid of a compact JWS; throws. */
export async function verifyCompact(jws, keyOf) {
  const header = headerOf(jws.split('.')[0]);
  if (!exactly(header, 'alg', 'kid')) throw new Error('header of a compact signature');
  const key = keyOf(header.kid);
  if (!key) throw new Error('signed with an unknown key');
  const { payload } = await jose.compactVerify(jws, await jose.importJWK(key, 'Ed25519'), { algorithms: ['Ed25519'] });
  return { payload: Buffer.from(payload), kid: header.kid };
}

/** Section "Sealed sections": one item of a letter. Returns the manifest's row and the JWE. */
export async function sealSection(section, body, letter, recipientKey) {
  const salt = randomBytes(16);
  const item = randomUUID();
  const row = { item, ...section, digest: sha256(salt, text.encode(body)) };
  const header = {
    source: letter.source, recipient: letter.recipient, subject: letter.subject, message: letter.id,
    item, category: row.category, about: row.about, kind: row.kind,
  };
  const plaintext = JSON.stringify({ header, salt: salt.toString('base64url'), body });
  const jwe = await new jose.CompactEncrypt(text.encode(plaintext))
    .setProtectedHeader({ ...SEAL_HEADER, kid: recipientKey.kid })
    .encrypt(await jose.importJWK(recipientKey, SEAL_HEADER.alg));
  return { row, jwe };
}

/** Section "Opening": the text of one section, or throws CANNOT_OPEN, HEADER_MISMATCH or DIGEST. */
export async function openSection(event, row, recipient, privateKey) {
  let plain;
  try {
    const jwe = event.data.sealed[row.item];
    if (!exactly(jose.decodeProtectedHeader(jwe), 'alg', 'enc', 'kid', 'epk')) throw new Error('header of a seal');
    const opened = await jose.compactDecrypt(jwe, await jose.importJWK(privateKey, SEAL_HEADER.alg), {
      keyManagementAlgorithms: [SEAL_HEADER.alg], contentEncryptionAlgorithms: [SEAL_HEADER.enc],
    });
    plain = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(opened.plaintext));
  } catch {
    throw new Error('CANNOT_OPEN');
  }
  const expected = {
    source: event.source, recipient, subject: event.subject, message: event.id,
    item: row.item, category: row.category, kind: row.kind,
  };
  const same = Object.entries(expected).every(([name, value]) => plain.header[name] === value);
  if (!same || JSON.stringify(plain.header.about ?? []) !== JSON.stringify(row.about ?? [])) {
    throw new Error('HEADER_MISMATCH');
  }
  if (sha256(Buffer.from(plain.salt, 'base64url'), text.encode(plain.body)) !== row.digest) throw new Error('DIGEST');
  return plain.body;
}

/** Section "Message": the bytes to sign and send. */
export function message(source, name, subject, body, data = {}, id = randomUUID()) {
  const event = {
    specversion: '1.0', id, source, type: `nl.estafette.${name}.v1`, subject, time: new Date().toISOString(),
    datacontenttype: 'application/json', data: { ...data, body },
  };
  return { event, value: Buffer.from(JSON.stringify(event), 'utf8') };
}

/** RFC 7638 of a public OKP key. */
export const fingerprint = ({ crv, x }) => createHash('sha256')
  .update(JSON.stringify({ crv, kty: 'OKP', x })).digest('base64url');

/** Section "Directory": takes in records of the topic, and answers who has which key. */
export class Directory {
  constructor(pins) {
    this.pins = pins;
    this.entries = new Map();
    this.ignored = [];
  }

  async take(slug, value) {
    try {
      const record = JSON.parse(value);
      const entry = JSON.parse(record.entry);
      const own = (kid) => entry.keys.find((key) =>
        key.kid === kid && key.use === 'identity' && !key.revoked_at && fingerprint(key.jwk) === this.pins[slug])?.jwk;
      await verifyDetached(Buffer.from(record.entry, 'utf8'), record.identity_jws, own);
      if (fingerprint(record.operator_key) !== this.pins.operator) throw new Error('operator');
      const { payload } = await verifyCompact(record.membership, () => record.operator_key);
      const membership = JSON.parse(payload);
      const { type, identity, ...standing } = membership;
      if (type !== 'nl.estafette.directory.membership.v1' || identity !== this.pins[slug]) throw new Error('membership');
      const differs = ([name, value]) => JSON.stringify(value) !== JSON.stringify(entry[name]);
      if (entry.slug !== slug || Object.entries(standing).some(differs)) throw new Error('standing');
      this.checkHistory(this.entries.get(slug), entry, record.entry);
      this.entries.set(slug, { ...entry, text: record.entry });
    } catch (error) {
      this.ignored.push({ slug, why: error.message });
    }
  }

  checkHistory(before, entry, exact) {
    if (!before) return;
    const same = before.version === entry.version && before.text !== exact;
    if (before.version > entry.version || same) throw new Error('older, or another of the same version');
    for (const key of before.keys) {
      const now = entry.keys.find(({ kid }) => kid === key.kid);
      const kept = now && now.use === key.use && now.jwk.x === key.jwk.x;
      const lifted = key.revoked_at && !(now?.revoked_at && new Date(now.revoked_at) <= new Date(key.revoked_at));
      if (!kept || lifted) throw new Error('a key is gone, altered, or no longer revoked');
    }
  }

  /** The public JWK of a signing key that was good at `at`, of one owner when that is asked. */
  signer(kid, at, owner = kid.split('.')[0]) {
    const key = this.entries.get(owner)?.keys.find((one) => one.kid === kid && one.use === 'sign');
    if (!key || new Date(key.not_before) > at) return undefined;
    const expired = key.accept_until && new Date(key.accept_until) <= at;
    const revoked = key.revoked_at && at - new Date(key.revoked_at) >= HEARD;
    return expired || revoked ? undefined : { ...key.jwk, kid };
  }

  /** The key to seal to now: the newest that is in use. */
  sealingKey(slug, at = new Date()) {
    const open = (key) => new Date(key.not_before) <= at
      && [key.sign_until, key.accept_until, key.revoked_at].every((end) => !end || new Date(end) > at);
    const keys = (this.entries.get(slug)?.keys ?? []).filter((key) => key.use === 'seal' && open(key));
    keys.sort((a, b) => a.not_before.localeCompare(b.not_before) || a.kid.localeCompare(b.kid));
    const newest = keys.at(-1);
    return newest && { ...newest.jwk, kid: newest.kid };
  }
}

/** Section "Deliveries": every check on a record of the inbox; throws. Returns the entry and the event. */
export async function checkDelivery(record, { slug, epoch, directory }) {
  const header = (name) => record.headers[name]?.toString();
  const anyTime = (kid) => directory.entries.get('gate')?.keys.find((k) => k.kid === kid && k.use === 'sign')?.jwk;
  const { payload, kid } = await verifyCompact(header('seal'), anyTime);
  const entry = JSON.parse(payload);
  const at = new Date(entry.at);
  if (!directory.signer(kid, at, 'gate')) throw new Error('the seal is not of a gate key of that moment');
  if (entry.epoch !== epoch) throw new Error('another epoch');
  if (entry.slot !== record.partition) throw new Error('another slot');
  const sequence = entry.inbox.find((place) => place.inbox === slug)?.sequence;
  if (!sequence) throw new Error('sealed for another');
  const event = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(record.value));
  await verifyDetached(record.value, header('jws'), (signed) => directory.signer(signed, at, event.source));
  const name = event.type.replace('nl.estafette.', '').replace(/\.v1$/, '');
  const told = entry.message;
  if (name === 'verdicts.given' && event.source === 'gate' && told.hash === event.data.body.message.hash) {
    if (entry.verdict !== event.data.body.verdict) throw new Error('a verdict that its entry does not say');
  } else {
    if (told.hash !== sha256(record.value)) throw new Error('not the bytes that were decided on');
    if (told.id !== event.id || told.source !== event.source || told.type !== name) throw new Error('another message');
  }
  return { entry, event, name, sequence };
}
