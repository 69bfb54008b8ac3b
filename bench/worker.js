// What a Worker does with its namespace, and nothing else.
export default {
  async fetch(request, { KV }) {
    const key = new URL(request.url).pathname.slice(1);
    if (request.method === 'PUT') {
      await KV.put(key, await request.arrayBuffer());
      return new Response('ok');
    }
    return new Response(await KV.get(key, 'arrayBuffer'));
  },
};
