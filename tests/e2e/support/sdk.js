// What the tests of all versions of the TypeScript SDK share.
import assert from 'node:assert/strict';

// No retries: a test wants to see the first answer.
export function sdkClient(Cloudflare, server, options = {}) {
  return new Cloudflare({
    baseURL: server.baseUrl,
    apiToken: server.token,
    maxRetries: 0,
    timeout: 60_000,
    ...options,
  });
}

// All items of an auto-paging list. Bounded, since a server that ignores paging would never end it.
export async function collect(list, itemsMax = 20_000) {
  const items = [];
  for await (const item of list) {
    items.push(item);
    assert.ok(items.length <= itemsMax, 'the list does not end');
  }
  return items;
}

// That a call is rejected with this class of error and this Cloudflare code.
export async function failsWith(type, code, promise) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof type, `${error.constructor.name} instead of ${type.name}: ${error.message}`);
    assert.equal(error.errors?.[0]?.code, code, error.message);
    return true;
  });
}
