// Which users and groups of a directory get which roles: a JSON file of the operator's,
// `[{"group": "cn=writers,ou=groups,dc=example,dc=org", "role": "arn:aws:iam::123456789012:role/Writers"}, …]`.
import { z } from 'zod'
import { type ConfigSources, messageOf } from './config-sources.ts'
import { BadValue } from './config-values.ts'

export type LdapRole = {
  readonly of: 'user' | 'group'
  /** As it was written. */
  readonly dn: string
  readonly roleArn: string
}

const dn = z.string().min(3).max(1000).includes('=')
const role = z.string().regex(/^arn:aws:iam::\d{12}:role\/[!-~]+$/)
const file = z
  .array(z.union([z.strictObject({ user: dn, role }), z.strictObject({ group: dn, role })]))
  .min(1)
  .max(10_000)

/** Throws `BadValue`. */
export function parseLdapRoles(
  path: string,
  { readFile }: Pick<ConfigSources, 'readFile'>,
): readonly LdapRole[] {
  let json: unknown
  try {
    json = JSON.parse(readFile(path))
  } catch (cause) {
    throw new BadValue(`${path} cannot be read (${messageOf(cause)})`)
  }
  const read = file.safeParse(json)
  if (!read.success) {
    const [issue] = read.error.issues
    const place =
      issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
    throw new BadValue(
      `${path} is no list of {"group": DN, "role": ARN} and {"user": DN, "role": ARN}${place}`,
    )
  }
  return read.data.map((each) =>
    'user' in each
      ? { of: 'user', dn: each.user, roleArn: each.role }
      : { of: 'group', dn: each.group, roleArn: each.role },
  )
}
