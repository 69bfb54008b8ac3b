// A plugin of miniflare 5, the runtime of `wrangler dev`: bindings that name it become KV namespaces of a Cubby, by the
// same workerd configuration as in docs/using/workers.md. See README.md for what to write into wrangler's own.
'use strict';

const NAME = 'cubby';

// [name of the binding in the Worker, its options] of every binding that names this plugin.
const bindingsOf = ({ config }) =>
  Object.entries(config.env ?? {})
    .filter(([, binding]) => binding.dev?.plugin?.name === NAME)
    .map(([name, binding]) => [name, checked(name, binding.dev.options)]);

function checked(name, { address = '127.0.0.1:8485', namespace, token } = {}) {
  for (const [option, value] of Object.entries({ address, namespace, token })) {
    if (value !== undefined && typeof value !== 'string') {
      throw new TypeError(`cubby: "${option}" of the binding ${name} must be a string`);
    }
  }
  return { address, namespace, token };
}

// One service, and so one pool of connections, for all bindings that mean the same.
const serviceName = (options) => `cubby:${JSON.stringify(options)}`;

const headersOf = ({ namespace, token }) => [
  ...(namespace === undefined ? [] : [{ name: 'Cubby-Namespace', value: namespace }]),
  ...(token === undefined ? [] : [{ name: 'Authorization', value: `Bearer ${token}` }]),
  { name: 'CF-KV-FLPROD-405' }, // without a value it is removed: it repeats the URL, and Cubby ignores it
];

const plugin = {
  bindingTypeDescription: 'KV Namespace (Cubby)',

  getBindings: (options) =>
    bindingsOf(options).map(([name, each]) => ({ name, kvNamespace: { name: serviceName(each) } })),

  // What `getPlatformProxy()` hands out in Node; the class is the one of the miniflare that loaded this plugin.
  getNodeBindings(options) {
    const miniflare = Object.values(require.cache).find((each) => each.exports?.ProxyNodeBinding);
    if (!miniflare) return {};
    const { ProxyNodeBinding } = miniflare.exports;
    return Object.fromEntries(bindingsOf(options).map(([name]) => [name, new ProxyNodeBinding()]));
  },

  getServices({ options }) {
    const services = bindingsOf(options).map(([, each]) => ({
      name: serviceName(each),
      external: { address: each.address, http: { injectRequestHeaders: headersOf(each) } },
    }));
    return [...new Map(services.map((each) => [each.name, each])).values()];
  },
};

exports.plugins = { [NAME]: plugin };
