// Keys that would harm whoever took them for file names, and a seeded supply of more of them.
import type { SeededBytes } from '../../support/seeded-bytes.ts'

export const hostileKeys: readonly string[] = [
  '..',
  '.',
  '...',
  '../../etc/passwd',
  'a/../../b',
  'a/./b',
  'a/..',
  '/etc/passwd',
  '//server/share',
  '/',
  '//',
  'a//b',
  'a/',
  'C:\\Windows\\system32',
  'C:evil',
  'c:/evil',
  '\\\\server\\share',
  '..\\..\\evil',
  'a\\b',
  'nul\u0000byte',
  'line\nbreak',
  'tab\tand\u001bescape',
  'del\u007f',
  'c1\u0085',
  'trailing.',
  'trailing ',
  'trailing. .',
  'dots.../x',
  'CON',
  'con.txt',
  'Aux',
  'a/NUL/b',
  'COM1',
  'lpt9.log',
  'com¹',
  'conin$',
  'CON .txt',
  'a<b>c:d"e|f?g*h',
  'LONGNA~1.TXT',
  '~',
  '~root',
  '-rf',
  '%2E%2E',
  '%2e',
  '%_',
  '%~',
  '%-',
  '%-/x',
  '%',
  '%%',
  '100% sure',
  '%5Ć',
  'é',
  'e\u0301',
  'ß',
  'SS',
  'K\u212a',
  'x'.repeat(255),
  'x'.repeat(256),
  'x'.repeat(1024),
  'ä'.repeat(512),
  '\u0001'.repeat(300),
  `${'x'.repeat(253)}con`,
  `${'x'.repeat(253)}%41`,
  `${'x'.repeat(254)}.`,
  '😀'.repeat(256),
]

const pieces = [
  ...['a', 'A', 'b', 'B', 'e', 'é', 'e\u0301', 'É', 'x', '0', '1', '7', 'con', 'Nul', 'aux.'],
  ...['/', '/', '/', '//', '.', '..', '../', '\\', ':', '~', '~1', '%', '%2', '%2E', '%_', '%-'],
  ...['%~', '%-/', ' ', '\u0000', '\n', '\u007f', '\u0080', '*', '?', '"', '|', '<', '>', '😀'],
  ...['!', '-', '0', '$', '&', "'", '`', '{', 'z'.repeat(120), '\u0001'.repeat(90), 'ſ', 'K'],
]

/** Different keys of 1 to 1,024 bytes, in byte order. Many of them clash as file names would. */
export function manyHostileKeys(random: SeededBytes, count: number): readonly string[] {
  const keys = new Set(hostileKeys)
  while (keys.size < count) {
    const length = 1 + random.integer(random.integer(4) === 0 ? 12 : 4)
    let key = ''
    for (let at = 0; at < length; at += 1) key += pieces[random.integer(pieces.length)]
    if (key !== '' && Buffer.byteLength(key) <= 1024) keys.add(key)
  }
  return [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}
