// Lines to copy that point a client at a namespace.
import { useState } from 'preact/hooks';
import type { Namespace } from '../api/client.ts';
import { Choice, CopyButton } from '../ui/controls.tsx';
import { Dialog } from '../ui/dialog.tsx';

type Client = 'wrangler' | 'workerd' | 'javascript' | 'python' | 'terraform' | 'curl';

interface Props {
  account: string;
  namespace: Namespace;
  onClose: () => void;
}

export function ConnectDialog({ account, namespace, onClose }: Props) {
  const [client, setClient] = useState<Client>('wrangler');
  const lines = linesFor(client, new URL('client/v4', document.baseURI).href, account, namespace.id);
  return (
    <Dialog title={`Connect to ${namespace.title}`} size="large" onClose={onClose}>
      <Choice
        label="Client"
        value={client}
        onChange={setClient}
        options={[
          ['wrangler', 'wrangler'],
          ['workerd', 'workerd'],
          ['javascript', 'JavaScript'],
          ['python', 'Python'],
          ['terraform', 'Terraform'],
          ['curl', 'curl'],
        ]}
      />
      <div class="snippet">
        <pre tabindex={0}>{lines}</pre>
        <CopyButton text={lines} label="Copy these lines" />
      </div>
      <p class="quiet">
        Put a token into <code>CLOUDFLARE_API_TOKEN</code> first. The token of this session is not part of the lines.
      </p>
    </Dialog>
  );
}

function linesFor(client: Client, base: string, account: string, id: string): string {
  switch (client) {
    case 'wrangler':
      return `export CLOUDFLARE_API_BASE_URL=${base}
export CLOUDFLARE_ACCOUNT_ID=${account}
wrangler kv key put greeting hello --namespace-id ${id} --remote
wrangler kv key list --namespace-id ${id} --remote
`;
    case 'workerd':
      return `# In the configuration of a Worker: env.NOTES is this namespace. The address is the one that Cubby
# prints as "binding"; the REST API is at ${base}, account ${account}.
bindings = [(name = "NOTES", kvNamespace = "cubby-notes")],

services = [(
  name = "cubby-notes",
  external = (
    address = "${new URL(base).hostname}:8485",
    http = (injectRequestHeaders = [
      (name = "Cubby-Namespace", value = "${id}"),
      (name = "Authorization", value = embed "authorization"),  # a file: Bearer, and the token
    ]),
  ),
)],
`;
    case 'javascript':
      return `import Cloudflare from "cloudflare";

const client = new Cloudflare({
  baseURL: "${base}",
  apiToken: process.env.CLOUDFLARE_API_TOKEN,
});
const value = await client.kv.namespaces.values.get("greeting", {
  account_id: "${account}",
  namespace_id: "${id}",
});
console.log(await value.text());
`;
    case 'python':
      return `import os
from cloudflare import Cloudflare

client = Cloudflare(
    base_url="${base}",
    api_token=os.environ["CLOUDFLARE_API_TOKEN"],
)
value = client.kv.namespaces.values.get(
    "greeting",
    account_id="${account}",
    namespace_id="${id}",
)
print(value.read())
`;
    case 'terraform':
      return `provider "cloudflare" {
  base_url = "${base}" # api_token is CLOUDFLARE_API_TOKEN
}

resource "cloudflare_workers_kv" "greeting" {
  account_id   = "${account}"
  namespace_id = "${id}"
  key_name     = "greeting"
  value        = "hello"
}
`;
    case 'curl':
      return `curl -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" \\
  -X PUT --data-binary hello \\
  ${base}/accounts/${account}/storage/kv/namespaces/${id}/values/greeting
curl -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" \\
  ${base}/accounts/${account}/storage/kv/namespaces/${id}/values/greeting
`;
  }
}
