// A small store of notes over HTTP: every call that a Worker has for its KV namespace, here env.NOTES.
//
//   PUT /NAME?ttl=3600&tag=x    stores the body under a name, with an expiry and metadata if you like
//   GET /NAME                   reads it
//   DELETE /NAME                removes it
//   GET /?prefix=a&limit=10     lists names; &cursor= goes on with the cursor of the page before
//   POST /                      reads many: the body is a JSON array of names
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const name = decodeURIComponent(pathname.slice(1));
    try {
      if (name) return await one(env.NOTES, name, request, searchParams);
      if (request.method === 'POST') return await many(env.NOTES, await request.json());
      return await list(env.NOTES, searchParams);
    } catch (error) {
      // What Cubby refuses, it refuses in the words of Workers KV.
      return new Response(`${error.message}\n`, { status: 400 });
    }
  },
};

async function one(notes, name, request, parameters) {
  switch (request.method) {
    case 'PUT': {
      const ttl = parameters.get('ttl');
      const tag = parameters.get('tag');
      // The body is a stream: it passes through in pieces, whatever its size.
      await notes.put(name, request.body ?? '', {
        ...(ttl && { expirationTtl: Number(ttl) }),
        ...(tag && { metadata: { tag } }),
      });
      return new Response('stored\n');
    }
    case 'DELETE':
      await notes.delete(name);
      return new Response('deleted\n');
    default: {
      const { value, metadata } = await notes.getWithMetadata(name, 'stream');
      if (value === null) return new Response('no such note\n', { status: 404 });
      return new Response(value, { headers: metadata ? { 'x-tag': metadata.tag } : {} });
    }
  }
}

async function many(notes, names) {
  return Response.json(Object.fromEntries(await notes.get(names)));
}

async function list(notes, parameters) {
  const page = await notes.list({
    prefix: parameters.get('prefix') ?? '',
    cursor: parameters.get('cursor'),
    limit: Number(parameters.get('limit') ?? 1000),
  });
  return Response.json(page);
}
