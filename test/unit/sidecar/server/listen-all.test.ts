import { createServer, type Server } from 'node:http'
import { expect } from 'chai'
import { listen } from '../../../../sidecar/listen.js'
import { listenAll } from '../../../../sidecar/server/listen-all.js'
import { rejectsWithCode } from '../../../support/rejects.js'

const BOTH = [
  { host: '127.0.0.1', port: 0 },
  { host: '::1', port: 0 },
]

describe('listenAll', () => {
  const made: Server[] = []
  const make = (): Server => {
    const server = createServer((_request, response) => response.end('ok'))
    made.push(server)
    return server
  }
  afterEach(() => {
    for (const server of made.splice(0)) server.close()
  })

  it('listens on IPv4 and IPv6 loopback, on one port', async () => {
    const { servers, urls } = await listenAll(BOTH, make)
    expect(servers).to.have.length(2)
    const [four = '', six = ''] = urls
    expect(four).to.match(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(six).to.match(/^http:\/\/\[::1\]:\d+$/)
    expect(new URL(six).port).to.equal(new URL(four).port)
    for (const url of urls) expect(await (await fetch(url)).text()).to.equal('ok')
  })

  it('takes another port when the one that came up is taken at the other address', async () => {
    let tries = 0
    const blocker = createServer()
    made.push(blocker)
    const { urls } = await listenAll(BOTH, () => {
      const server = make()
      // The first server of the first try has its port; someone else takes it on ::1.
      if (++tries === 2) {
        const address = made[1]?.address()
        const port = typeof address === 'object' ? address?.port : undefined
        blocker.listen(port, '::1')
      }
      return server
    })
    expect(tries).to.equal(4)
    expect(new URL(urls[1] ?? '').port).to.equal(new URL(urls[0] ?? '').port)
    expect(made[1]?.listening).to.equal(false)
  })

  it('keeps none when one cannot be had', async () => {
    const taken = make()
    const port = Number(new URL(await listen(taken, { host: '127.0.0.1', port: 0 })).port)
    const addresses = [
      { host: '::1', port },
      { host: '127.0.0.1', port },
    ]
    await rejectsWithCode(listenAll(addresses, make), 'ERR_RA_LISTEN_FAILED')
    expect(made.map(({ listening }) => listening)).to.deep.equal([true, false, false])
  })
})
