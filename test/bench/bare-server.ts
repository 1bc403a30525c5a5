// The yardstick: what `node:http` alone can answer on this machine. Prints its port, ends with stdin.
import { createServer } from 'node:http'

const body = Buffer.alloc(1024, 'x')
const server = createServer((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'binary/octet-stream', 'Content-Length': body.length })
  response.end(body)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  console.log(`port ${address.port}`)
})
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
