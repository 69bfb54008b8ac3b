// Two ways to talk HTTP without an official client: `Rest` for arranging and checking a test, and
// `exchange` for replaying a recorded request byte by byte.
import assert from 'node:assert/strict';
import { connect } from 'node:net';

const LIMIT_MS = 60_000;

// Calls of the REST API as a test needs them. Every method asserts success; `call` does not.
export class Rest {
  #server;

  constructor(server) {
    this.#server = server;
  }

  // { status, headers, bytes, text, json } of any request; `path` starts after the account.
  async call(method, path, { body, headers = {}, token = this.#server.token } = {}) {
    const response = await fetch(`${this.#server.baseUrl}/accounts/${this.#server.account}${path}`, {
      method,
      body,
      headers: { authorization: `Bearer ${token}`, ...headers },
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      text: bytes.toString(),
      get json() {
        return JSON.parse(bytes);
      },
    };
  }

  async #result(method, path, options) {
    const answer = await this.call(method, path, options);
    assert.equal(answer.status, 200, `${method} ${path}: ${answer.text}`);
    assert.equal(answer.json.success, true, answer.text);
    return answer.json;
  }

  async createNamespace(title) {
    const { result } = await this.#result('POST', NAMESPACES, json({ title }));
    return result.id;
  }

  async namespaces() {
    return (await this.#result('GET', `${NAMESPACES}?per_page=1000`)).result;
  }

  async put(namespace, key, value, query = '') {
    await this.#result('PUT', `${valuePath(namespace, key)}${query}`, { body: value });
  }

  // { value: Buffer, expiration?: number }, or undefined when there is no such key.
  async get(namespace, key) {
    const answer = await this.call('GET', valuePath(namespace, key));
    if (answer.status === 404) return undefined;
    assert.equal(answer.status, 200, answer.text);
    const expiration = answer.headers.get('expiration');
    return { value: answer.bytes, ...(expiration && { expiration: Number(expiration) }) };
  }

  async metadata(namespace, key) {
    return (await this.#result('GET', `${NAMESPACES}/${namespace}/metadata/${encodeURIComponent(key)}`))
      .result;
  }

  async bulkPut(namespace, pairs) {
    return (await this.#result('PUT', `${NAMESPACES}/${namespace}/bulk`, json(pairs))).result;
  }

  // Every key of the namespace: [{ name, expiration?, metadata? }].
  async keys(namespace) {
    const all = [];
    for (let cursor = ''; ;) {
      const page = await this.#result(
        'GET',
        `${NAMESPACES}/${namespace}/keys?cursor=${encodeURIComponent(cursor)}`,
      );
      all.push(...page.result);
      cursor = page.result_info.cursor;
      if (!cursor) return all;
    }
  }

  async keyNames(namespace) {
    return (await this.keys(namespace)).map(({ name }) => name);
  }
}

const NAMESPACES = '/storage/kv/namespaces';
const valuePath = (namespace, key) => `${NAMESPACES}/${namespace}/values/${encodeURIComponent(key)}`;
const json = (value) => ({ body: JSON.stringify(value), headers: { 'content-type': 'application/json' } });

export const nowSeconds = () => Math.floor(Date.now() / 1000);

// That an expiry lies `ttl` seconds after the request, which was sent between `sent` and now.
export function assertExpiresAfter(expiration, ttl, sent) {
  assert.ok(
    expiration >= sent + ttl && expiration <= nowSeconds() + ttl,
    `expiration ${expiration} is not ${ttl} s after a request of ${sent}..${nowSeconds()}`,
  );
}

// A connection on which requests go out exactly as written.
export class RawConnection {
  static async open(server) {
    const { hostname, port } = new URL(server.origin);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error(`no answer within ${LIMIT_MS} ms`)));
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawConnection(socket);
  }

  #socket;
  #received = Buffer.alloc(0);
  #chunks;

  constructor(socket) {
    this.#socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  send(bytes) {
    this.#socket.write(bytes);
  }

  // Sends, and resolves when the kernel has taken the bytes: what follows is a packet of its own.
  sendNow(bytes) {
    return new Promise((resolve, reject) =>
      this.#socket.write(bytes, (error) => (error ? reject(error) : resolve())),
    );
  }

  close() {
    this.#socket.destroy();
  }

  // The next answer: { status, headers (lower-case names), body, json }. `method` decides on a body.
  async answer(method = 'GET') {
    const head = (await this.#takeThrough('\r\n\r\n')).toString('latin1');
    const [statusLine, ...fields] = head.trimEnd().split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})( |$)/.exec(statusLine)?.[1]);
    assert.ok(status, `not an HTTP/1.1 status line: ${statusLine}`);
    const headers = Object.fromEntries(
      fields.map((field) => {
        const colon = field.indexOf(':');
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
      }),
    );
    const bodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
    const body = bodiless ? Buffer.alloc(0) : await this.#body(headers);
    return {
      status,
      headers,
      body,
      get json() {
        return JSON.parse(body);
      },
    };
  }

  async #body(headers) {
    if (headers['transfer-encoding'] !== 'chunked') {
      const length = Number(headers['content-length']);
      assert.ok(Number.isInteger(length), 'an answer on a kept connection needs a content-length');
      return this.#take(length);
    }
    const pieces = [];
    for (;;) {
      const size = Number.parseInt(await this.#takeThrough('\r\n'), 16);
      pieces.push((await this.#take(size + 2)).subarray(0, size));
      if (size === 0) return Buffer.concat(pieces);
    }
  }

  async #takeThrough(delimiter) {
    for (let at; ; await this.#receive()) {
      at = this.#received.indexOf(delimiter);
      if (at >= 0) return this.#take(at + delimiter.length);
    }
  }

  async #take(length) {
    while (this.#received.length < length) await this.#receive();
    const part = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return part;
  }

  async #receive() {
    const { value, done } = await this.#chunks.next();
    assert.ok(
      !done,
      `the connection ended early, after ${JSON.stringify(this.#received.toString('latin1'))}`,
    );
    this.#received = Buffer.concat([this.#received, value]);
  }
}

// Sends one request, lines joined by CRLF, and returns the answer. Host and, for a body, Content-Length
// are filled in; every other byte goes out as given.
export async function exchange(server, [requestLine, ...headers], body) {
  const connection = await RawConnection.open(server);
  try {
    const { host } = new URL(server.origin);
    const length = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
    const head = [`${requestLine} HTTP/1.1`, `Host: ${host}`, ...headers, ...length, '', ''].join('\r\n');
    connection.send(Buffer.concat([Buffer.from(head), Buffer.from(body ?? '')]));
    return await connection.answer(requestLine.split(' ')[0]);
  } finally {
    connection.close();
  }
}
