// Certificates for tests, made by the openssl command: an authority of this process's own and what it signs.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { succeed } from './command.js';
import { scratchDirectory } from './cubby.js';

export class Authority {
  static async made() {
    const self = new this();
    self.directory = scratchDirectory('certificates');
    self.file = self.path('ca.pem');
    await self.#make('ca', ['-addext', 'basicConstraints=critical,CA:TRUE']);
    self.pem = readFileSync(self.file, 'utf8');
    return self;
  }

  // NAME.pem and NAME.key of a server on this machine, or of a client; replaced if they are there.
  async sign(name) {
    const extensions = ['subjectAltName=DNS:localhost,IP:127.0.0.1', 'basicConstraints=critical,CA:FALSE'];
    await this.#make(name, [
      ...['-CA', this.file, '-CAkey', this.path('ca.key')],
      ...extensions.flatMap((each) => ['-addext', each]),
    ]);
    return { cert: this.path(`${name}.pem`), key: this.path(`${name}.key`) };
  }

  // One of its own whose time is over: only `openssl ca` makes such.
  async signExpired(name) {
    const { cert, key } = await this.sign(name);
    const [config, request] = [this.path(`${name}.cnf`), this.path(`${name}.csr`)];
    writeFileSync(this.path(`${name}.index`), '');
    writeFileSync(
      config,
      [
        '[ca]\ndefault_ca=d\n[d]',
        ...[`database=${this.path(name)}.index`, `serial=${this.path(name)}.serial`, `new_certs_dir=${this.directory}`],
        'default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n',
      ].join('\n'),
    );
    await succeed('openssl', ['req', '-new', '-key', key, '-subj', `/CN=${name}`, '-out', request]);
    await succeed('openssl', [
      ...['ca', '-batch', '-notext', '-create_serial', '-selfsign', '-config', config, '-in', request, '-keyfile', key],
      ...['-out', cert, '-startdate', '20200101000000Z', '-enddate', '20200102000000Z'],
    ]);
    return { cert, key };
  }

  path(name) {
    return join(this.directory, name);
  }

  #make(name, more) {
    return succeed('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'],
      ...['-subj', `/CN=${name}`, '-out', this.path(`${name}.pem`), '-keyout', this.path(`${name}.key`), ...more],
    ]);
  }
}
