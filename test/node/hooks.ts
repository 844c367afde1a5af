import { type Node, startNode } from './node.js'
import { readSetting } from './setting.js'

let running: Node | undefined

/** The node that all files of tests share. */
export function node(): Node {
  if (!running) throw new Error('the node is not running')
  return running
}

export const mochaHooks = {
  async beforeAll(this: Mocha.Context) {
    this.timeout(180_000)
    running = await startNode(readSetting())
  },
  /** What the cluster says of a failure. */
  afterEach(this: Mocha.Context) {
    if (this.currentTest?.state !== 'failed' || !running) return
    const { kubectl } = running
    console.error(kubectl('get', 'pods', '-A', '-o', 'wide'))
    const columns = 'custom-columns=OBJECT:.involvedObject.name,REASON:.reason,MESSAGE:.message'
    const events = kubectl('get', 'events', '-A', '--sort-by=.lastTimestamp', '-o', columns)
    console.error(events.split('\n').slice(-20).join('\n'))
  },
  async afterAll(this: Mocha.Context) {
    this.timeout(30_000)
    await running?.stop()
  },
}
