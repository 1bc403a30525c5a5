// Letters of ASCII without regard to case. Unicode has letters that become an ASCII one when folded (the
// Kelvin sign a "k"): what is compared here must not be reached through those.

const beyondAscii = /[^\x00-\x7f]/

/** Capitals of ASCII become small; nothing else changes. */
export function lowerAscii(text: string): string {
  if (!beyondAscii.test(text)) return text.toLowerCase()
  return text.replace(/[A-Z]+/g, (run) => run.toLowerCase())
}
