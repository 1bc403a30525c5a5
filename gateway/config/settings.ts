// Every setting of the server: one table from which flags, environment variables, the keys of the
// config file, the help text and the check of `docs/configuration.md` all follow. How values are
// parsed is in `config.ts`.

export type Setting = {
  /** What stands for the value in the help text. */
  readonly value: string
  readonly means: string
  /** What applies when nobody says anything, as one would write it. Absent: the setting is unset. */
  readonly fallback?: string
  /** Flags given more than once are joined with commas. */
  readonly repeatable?: true
  /** Never taken from a flag, which other users of the machine could see. */
  readonly secret?: true
  /** The flag alone says `on`. */
  readonly isSwitch?: true
}

export const settings = {
  config: {
    value: 'FILE',
    means:
      'File with settings, one HOLDFAST_NAME=value a line. Flags and environment go before it.',
  },
  data: {
    value: 'DIR',
    means: 'Directory that holds everything. Made when it is missing.',
    fallback: './data',
  },
  listen: { value: 'HOST:PORT', means: 'Where S3 is served.', fallback: '127.0.0.1:9000' },
  'admin-listen': {
    value: 'HOST:PORT',
    means: 'Where /healthz and /readyz and the admin API (docs/admin-api.md) are served.',
    fallback: '127.0.0.1:9001',
  },
  domain: {
    value: 'NAME',
    means:
      'Host name below which buckets are host names too (virtual-host style): with s3.example.org, photos.s3.example.org is the bucket photos. May be given several times, or as a list with commas.',
    repeatable: true,
  },
  region: {
    value: 'NAME',
    means: 'The region that requests must be signed for.',
    fallback: 'us-east-1',
  },
  'any-region': {
    value: 'ON/OFF',
    means:
      'Takes requests that are signed for any other region too, as if it were this one: for clients that were set up for another server.',
    fallback: 'off',
    isSwitch: true,
  },
  'block-public-access': {
    value: 'ON/OFF',
    means:
      'Whether new buckets begin with public access blocked, as on AWS. Off: their policies may be public at once, as clients of other servers expect.',
    fallback: 'on',
    isSwitch: true,
  },
  'object-ownership': {
    value: 'MODE',
    means:
      "Whether new buckets have ACLs (docs/acls.md): enforced has none, as on AWS; with preferred and writer they count, and what other accounts write is the bucket owner's if they say so, or theirs.",
    fallback: 'enforced',
  },
  'cors-allow-origin': {
    value: 'ORIGIN',
    means:
      'Origin whose pages may use buckets without a CORS configuration of their own (docs/cors.md), such as https://app.example.org, https://*.example.org or *. May be given several times, or as a list with commas. Unset: none.',
    repeatable: true,
  },
  workers: {
    value: 'N',
    means: 'Processes that serve S3. Unset: one for each CPU. With 1, all runs in one process.',
  },
  'tls-cert': {
    value: 'FILE',
    means: 'PEM certificate, with its chain, to serve S3 over TLS. Read again on SIGHUP.',
  },
  'tls-key': {
    value: 'FILE',
    means: 'PEM private key of the certificate. Read again on SIGHUP.',
  },
  'tls-ca': {
    value: 'FILE',
    means:
      'PEM certificates of the authorities whose certificates let their holders call a metadata service (holdfast metadata).',
  },
  'cluster-ca': {
    value: 'FILE',
    means:
      'PEM certificates of the authorities that metadata services and data nodes are trusted by, where they are called over TLS. Unset: those that Node knows.',
  },
  'cluster-cert': {
    value: 'FILE',
    means:
      'PEM certificate that metadata services and data nodes are shown, where they ask for one. Given with cluster-key.',
  },
  'cluster-key': { value: 'FILE', means: 'PEM private key of cluster-cert.' },
  metadata: {
    value: 'LOCATION',
    means:
      'Where the metadata are (docs/cluster.md): lmdb:DIR, mongodb://… or https://HOST:PORT[,HOST:PORT…], which are metadata services. Unset, of a server: in the data directory. With a password in it, rather set HOLDFAST_METADATA: other users of the machine see flags.',
  },
  chunks: {
    value: 'URL',
    means:
      'Where a gateway or a worker has its chunks: a data node, such as https://HOST:PORT (docs/cluster.md).',
  },
  'cluster-secret-file': {
    value: 'FILE',
    means:
      'File with the secret that the parts of a cluster share, 32 bytes or more; blanks around it do not count.',
  },
  'cluster-secret': {
    value: 'SECRET',
    means: 'The secret itself, in place of cluster-secret-file.',
    secret: true,
  },
  'cluster-without-tls': {
    value: 'ON/OFF',
    means:
      'Lets parts of a cluster show each other the secret over connections without TLS that leave this machine: for networks that nobody else is in.',
    fallback: 'off',
    isSwitch: true,
  },
  'master-key-file': {
    value: 'FILE',
    means:
      'The master key, under which everything secret is sealed. Unset: master.key in the data directory. Made at the first start. Losing it loses the data.',
  },
  'root-access-key': {
    value: 'ID',
    means:
      'Access key of the root user, 3 to 128 characters, given with HOLDFAST_ROOT_SECRET_KEY. Unset at the first start: one is made and printed. Set at a later start: valid from then on, besides older ones.',
    secret: true,
  },
  'root-secret-key': {
    value: 'SECRET',
    means: 'The secret of HOLDFAST_ROOT_ACCESS_KEY, 8 to 128 characters.',
    secret: true,
  },
  tasks: {
    value: 'URL',
    means:
      'What carries follow-up work to those who do it: embedded: (a queue within the process), or RabbitMQ, amqp://USER:PASSWORD@HOST:PORT/VHOST or amqps://, see docs/cluster.md. With a password in it, rather set HOLDFAST_TASKS: other users of the machine see flags.',
    fallback: 'embedded:',
  },
  'task-concurrency': {
    value: 'KIND=N',
    means:
      'How many calls of the work of a kind of tasks run side by side in this process, 1 to 64, as in deleteBlob=4. May be given several times, or as a list with commas. Unset, of a kind: 1.',
    repeatable: true,
  },
  'ingest-memory': {
    value: 'SIZE',
    means:
      'Memory in which the uploads of one process gather their chunks. Uploads wait when it is used up.',
    fallback: '128MiB',
  },
  'upload-rate-min': {
    value: 'SIZE',
    means:
      'Bytes a second that a sender must reach, averaged over upload-rate-window. A slower one is cut off with RequestTimeout.',
    fallback: '1KiB',
  },
  'upload-rate-window': {
    value: 'DURATION',
    means: 'The window of upload-rate-min.',
    fallback: '20s',
  },
  'stale-upload-age': {
    value: 'DURATION',
    means: 'Multipart uploads neither completed nor aborted within this time are aborted.',
    fallback: '7d',
  },
  'keep-orphans': {
    value: 'DURATION',
    means:
      'For how long of its running time the server keeps chunks that metadata do not know, before it deletes them (docs/recovery.md).',
    fallback: '7d',
  },
  'tenant-rate': {
    value: 'N',
    means:
      'Requests a second that a tenant may send to S3, IAM and STS, and at once twice as many; more are answered 503 SlowDown. What nobody has signed counts for the owner of its bucket. 0: as many as it likes.',
    fallback: '0',
  },
  'key-rate': {
    value: 'N',
    means: 'The same of each access key.',
    fallback: '0',
  },
  'admin-rate': {
    value: 'N',
    means:
      'Requests a second that somebody may send to the admin API, and at once twice as many; more are answered 429. 0: as many as he likes.',
    fallback: '50',
  },
  'external-sources': {
    value: 'RULE',
    means:
      'Where bundles may fetch entries from (docs/bundles.md): off (nowhere), public (https URLs at public addresses) or any (also those of this machine and its networks).',
    fallback: 'public',
  },
  'external-http': {
    value: 'ON/OFF',
    means:
      'Lets bundles fetch from http URLs as well, at public addresses alone whatever external-sources says. What comes without TLS may have been read and changed on its way.',
    fallback: 'off',
    isSwitch: true,
  },
  'oidc-issuers': {
    value: 'RULE',
    means:
      'Where issuers of tokens may be that roles are assumed with (docs/identity-sessions.md): off (nowhere), public (at public addresses) or any (also those of this machine and its networks).',
    fallback: 'public',
  },
  'oidc-http': {
    value: 'ON/OFF',
    means:
      'Asks issuers on this machine (127.0.0.1, ::1) over http as well: for trying things out.',
    fallback: 'off',
    isSwitch: true,
  },
  'oidc-ca': {
    value: 'FILE',
    means:
      'PEM certificates of authorities by which issuers are trusted, besides those that Node knows.',
  },
  'ldap-server': {
    value: 'URL',
    means:
      'Directory whose users may get credentials with their password (docs/identity-sessions.md): ldaps://HOST[:PORT] or ldap://HOST[:PORT]. Unset: none.',
  },
  'ldap-start-tls': {
    value: 'ON/OFF',
    means: 'Begins TLS on connections to ldap://.',
    fallback: 'off',
    isSwitch: true,
  },
  'ldap-without-tls': {
    value: 'ON/OFF',
    means:
      'Lets passwords go to an ldap:// server of another machine without TLS: for networks that nobody else is in.',
    fallback: 'off',
    isSwitch: true,
  },
  'ldap-ca': {
    value: 'FILE',
    means:
      'PEM certificates of the authorities that the directory is trusted by. Unset: those that Node knows.',
  },
  'ldap-bind-dn': {
    value: 'DN',
    means:
      'Who looks users up in the directory, given with HOLDFAST_LDAP_BIND_PASSWORD. Unset: nobody in particular (an anonymous bind).',
  },
  'ldap-bind-password': { value: 'PASSWORD', means: 'The password of ldap-bind-dn.', secret: true },
  'ldap-user-base': { value: 'DN', means: 'Below which users are looked up.' },
  'ldap-user-filter': {
    value: 'FILTER',
    means: 'Finds a user by the name %s that he signs in with.',
    fallback: '(uid=%s)',
  },
  'ldap-group-base': {
    value: 'DN',
    means: 'Below which groups are looked up. Unset: groups are not asked for.',
  },
  'ldap-group-filter': {
    value: 'FILTER',
    means: 'Finds the groups of a user: %d is his DN, %s the name that he signs in with.',
    fallback: '(&(objectClass=groupOfNames)(member=%d))',
  },
  'ldap-roles-file': {
    value: 'FILE',
    means:
      'JSON file that says which groups and users of the directory get which roles (docs/identity-sessions.md).',
  },
  'log-level': {
    value: 'LEVEL',
    means:
      'What is logged on standard error, one line of JSON an event: error, warn, info, or debug (every request too).',
    fallback: 'info',
  },
  'audit-log': {
    value: 'SINK',
    means:
      'Where a line of JSON goes for each request (docs/audit-log.md): none, stdout, file:PATH, or the https or http URL of a webhook. With a secret in the URL, rather set HOLDFAST_AUDIT_LOG: other users of the machine see flags.',
    fallback: 'none',
  },
  'audit-max-bytes': {
    value: 'SIZE',
    means: 'Size at which a file of the audit log is put aside and a new one begun.',
    fallback: '100MiB',
  },
  'audit-max-age': {
    value: 'DURATION',
    means: 'Age at which a file of the audit log is put aside, if it has lines.',
    fallback: '1d',
  },
  'audit-keep': {
    value: 'N',
    means: 'How many files of the audit log that were put aside are kept; older ones are deleted.',
    fallback: '30',
  },
  'audit-memory': {
    value: 'SIZE',
    means:
      'Memory for lines of the audit log that wait for a slow sink. What finds no room is dropped and counted.',
    fallback: '16MiB',
  },
  'audit-webhook-token': {
    value: 'TOKEN',
    means: 'Is shown to the webhook of the audit log, as Authorization: Bearer TOKEN.',
    secret: true,
  },
  'drain-time': {
    value: 'DURATION',
    means:
      'How long requests under way may go on after SIGTERM or SIGINT before they are cut off. A second signal stops at once.',
    fallback: '30s',
  },
} as const satisfies Readonly<Record<string, Setting>>

export type SettingName = keyof typeof settings

export const settingNames = Object.keys(settings) as readonly SettingName[]

/** The table's row, with the fields that not every row has. */
export function settingOf(name: SettingName): Setting {
  return settings[name]
}

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name)
}

/** `admin-listen` → `HOLDFAST_ADMIN_LISTEN`: the environment variable and the key in the file. */
export function variableOf(name: SettingName): string {
  return `HOLDFAST_${name.toUpperCase().replaceAll('-', '_')}`
}

/** The list of settings for the help of a command. */
export function describeSettings(names: readonly SettingName[] = settingNames): string {
  return names.map(describeSetting).join('\n')
}

function describeSetting(name: SettingName): string {
  const { value, means, fallback, secret } = settingOf(name)
  const title = secret ? `  ${variableOf(name)}=${value}` : `  --${name} ${value}`
  const text = fallback === undefined ? means : `${means} Default: ${fallback}`
  return `${title}\n${wrapped(text, 76)}`
}

/** Lines of at most `columns` characters, indented by six. */
function wrapped(text: string, columns: number): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line === undefined || line.length + word.length + 1 > columns) lines.push(`      ${word}`)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines.join('\n')
}
