// A socket that this process listens on and hands over to servers, as systemd does.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

// { fd, port, close() }. The socket belongs to a thread that listens and then sleeps: Node would otherwise accept.
export async function listeningSocket() {
  const thread = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer();
     server.listen({ port: 0, host: '127.0.0.1', backlog: 511 }, () => {
       parentPort.postMessage({ fd: server._handle.fd, port: server.address().port });
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     });`,
    { eval: true },
  );
  const [{ fd, port }] = await once(thread, 'message');
  return { fd, port, close: () => thread.terminate() };
}
