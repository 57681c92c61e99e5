import { Agent, createServer } from 'node:http'
import httpProxy from 'http-proxy'

const [, , target, port] = process.argv
const proxy = httpProxy.createProxyServer({ target, agent: new Agent({ keepAlive: true, maxFreeSockets: 64 }) })
proxy.on('error', (_error, _req, res) => res.destroy())
createServer((req, res) => proxy.web(req, res)).listen(Number(port), '127.0.0.1')
