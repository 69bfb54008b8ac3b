// An HTTP server before another one, that sees each request first.
import { createServer, request as forward } from 'node:http';

// `seen(request, count)` is called for each request, whose number is `count`, from 1 on. What it returns, if anything,
// is the answer instead: { status, headers, body }. It may be a promise.
export async function withProxy(server, seen, body) {
  let count = 0;
  const http = createServer(async (request, response) => {
    const answer = await seen(request, ++count);
    if (answer) {
      request.resume();
      response.writeHead(answer.status, answer.headers);
      response.end(answer.body);
      return;
    }
    const onward = forward(
      `${server.origin}${request.url}`,
      { method: request.method, headers: request.headers },
      (answered) => {
        response.writeHead(answered.statusCode, answered.headers);
        answered.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  try {
    const baseUrl = `http://127.0.0.1:${http.address().port}/client/v4`;
    return await body({ baseUrl, token: server.token, account: server.account }, () => count);
  } finally {
    http.closeAllConnections();
    http.close();
  }
}
