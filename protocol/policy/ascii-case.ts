// Letters of ASCII without regard to case. Unicode has letters that become an ASCII one when folded (the
// Kelvin sign a "k"): what is compared here must not be reached through those.

const beyondAscii = /[^\x00-\x7f]/

/** Capitals of ASCII become small; nothing else changes. */
export function lowerAscii(text: string): string {
  if (!beyondAscii.test(text)) return text.toLowerCase()
  return text.replace(/[A-Z]+/g, (run) => run.toLowerCase())
}

/** Whether both are the same but for capitals of ASCII; ends at the first difference, and copies neither. */
export function isSameInAscii(one: string, other: string): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at += 1) {
    if (lowerUnit(one.charCodeAt(at)) !== lowerUnit(other.charCodeAt(at))) return false
  }
  return true
}

function lowerUnit(unit: number): number {
  return unit >= 0x41 && unit <= 0x5a ? unit + 0x20 : unit
}
