// The description of the admin API (OpenAPI 3.1), which follows from its routes, and a page that shows it. Both are the same on
// every server and say nothing of this one, so that nobody need sign in for them; the page loads nothing from anywhere.
import type { AdminRoutes } from './admin-env.ts'
import { renderApiPage } from './render-api-page.ts'

const [forPrograms, forPeople] = ['/openapi.json', '/docs'] as const
/** Open to all. */
export const descriptionPaths: readonly string[] = [forPrograms, forPeople]

const about = {
  openapi: '3.1.0',
  info: {
    title: 'Holdfast admin API',
    version: '1',
    description:
      'Tenants, and what is theirs; those who administer the server. Requests are signed with Signature Version 4 for the service `holdfast`, or bear a token.',
  },
  security: [{ signature: [] }, { token: [] }],
}

export function describeApi(app: AdminRoutes): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'signature', {
    ...{ type: 'apiKey', in: 'header', name: 'Authorization' },
    description: 'AWS4-HMAC-SHA256 for the service `holdfast`, in any region.',
  })
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    ...{ type: 'http', scheme: 'bearer' },
  })
  app.doc31(forPrograms, about)
  app.get(forPeople, (c) => {
    const page = renderApiPage(app.getOpenAPI31Document(about))
    c.header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'")
    c.header('X-Content-Type-Options', 'nosniff')
    return c.html(page)
  })
}
