// The secret of a cluster, out of a file or a variable.
import {
  type ClusterSecret,
  clusterSecretBytesMin,
  parseClusterSecret,
} from '../../protocol/cluster/cluster-secret.ts'
import { type ConfigSources, messageOf } from './config-sources.ts'
import { BadValue } from './config-values.ts'
import type { SettingValues } from './setting-values.ts'

/** `undefined`: none is set, or it cannot be used, which is noted. No message has it. */
export function takeClusterSecret(
  values: SettingValues,
  { readFile }: Pick<ConfigSources, 'readFile'>,
): ClusterSecret | undefined {
  const inFile = values.take('cluster-secret-file', (path) => {
    let text: string
    try {
      text = readFile(path)
    } catch (cause) {
      throw new BadValue(`${path} cannot be read (${messageOf(cause)})`)
    }
    return parseSecret(text)
  })
  const inVariable = values.take('cluster-secret', parseSecret)
  if (values.has('cluster-secret-file') && values.has('cluster-secret')) {
    values.refuse('cluster-secret-file', 'HOLDFAST_CLUSTER_SECRET is set too; set one of them')
  }
  return inFile ?? inVariable
}

function parseSecret(text: string): ClusterSecret {
  const secret = parseClusterSecret(text)
  if (secret !== undefined) return secret
  throw new BadValue(
    `the secret of a cluster has at least ${clusterSecretBytesMin} bytes; openssl rand -hex 32 makes one`,
  )
}
