// @ts-check
// Which Node is needed. Plain JavaScript of old, that imports nothing: what is too old must be able to read
// it, and the build needs it before anything is compiled.

/** As `engines` of `package.json` has it. */
export const neededNode = '20.19'

/**
 * A sentence for people when this Node is too old.
 * @param {string} version as `process.versions.node` has it
 * @returns {string | undefined}
 */
export function tooOldNode(version) {
  if (isAtLeast(version, neededNode)) return undefined
  return `Holdfast needs Node ${neededNode} or newer, and this is Node ${version}: see https://nodejs.org/en/download`
}

/**
 * @param {string} version
 * @param {string} least
 * @returns {boolean}
 */
function isAtLeast(version, least) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number)
  return major === leastMajor ? minor >= leastMinor : major > leastMajor
}
