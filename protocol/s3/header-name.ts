// What a header may be called: a token. https://www.rfc-editor.org/rfc/rfc9110#section-5.1

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

export function isHeaderName(text: string): boolean {
  return token.test(text)
}
