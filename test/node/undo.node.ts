import { expect } from 'chai'
import { blockWith, GUIDE, readBlocks } from './guide.js'
import { node } from './hooks.js'
import { openShell } from './shell.js'

describe(`${GUIDE}, at its end`, () => {
  it('the same without the webhook', async () => {
    const shell = openShell(node())
    await shell.run('kubectl -n bucket-lister delete job --all')
    // Only tried: this is about an account of AWS.
    const commands = blockWith('inject -f - --kubernetes-version')
    const output = await shell.run(
      commands.replace('kubectl apply', 'kubectl apply --dry-run=server'),
    )
    expect(output).to.match(/deployment.apps\/bucket-lister configured \(server dry run\)/)
    expect(output).to.match(/job.batch\/bucket-lister-once created \(server dry run\)/)
  })

  it('undone, leaves nothing behind', async () => {
    const blocks = readBlocks(GUIDE).filter(({ section }) => section === 'Undo')
    expect(blocks).to.have.length(1)
    await openShell(node()).run(blocks[0]?.text ?? '')
    const { kubectl } = node()
    const kinds = [
      'namespaces',
      'clusterroles',
      'clusterrolebindings',
      'mutatingwebhookconfigurations',
    ]
    const left = kubectl('get', kinds.join(), '-o', 'name').split('\n')
    expect(left.filter((name) => /rolesanywhere|bucket-lister|emulator/.test(name))).to.deep.equal(
      [],
    )
  })
})
