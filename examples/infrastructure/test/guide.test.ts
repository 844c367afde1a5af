import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { type Form, type Members, SETTINGS } from '../src/setting-forms.js'
import { openModule } from './provider/terraform.js'
import { runs } from './stack.js'

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
const GUIDE = read('../../docs/infrastructure.md')

const { Parameters } = JSON.parse(read('cloudformation/rolesanywhere.json')) as {
  Parameters: object
}
const VARIABLES = [...read('terraform/variables.tf').matchAll(/^variable "(\w+)"/gm)].map(
  ([, name = '']) => name,
)

/** Every setting by its place; a subject counts as one. */
const placesOf = (members: Members, place = ''): string[] =>
  Object.entries(members).flatMap(([name, member]: [string, Form | Members]) =>
    typeof member['is'] === 'function' || name === 'subject'
      ? [`${place}${name}`]
      : placesOf(member as Members, `${place}${name}.`),
  )

describe('docs/infrastructure.md', () => {
  const [, table = ''] = GUIDE.split('## The three beside each other')
  const rows = [...table.matchAll(/^\| (?!What|-)(.*) \|$/gm)].map(([, row = '']) =>
    row.split(' | '),
  )

  /** The names in a column, `.keptImages` behind `repository.name` in full. */
  const namesIn = (column: number): string[] =>
    rows.flatMap((row) => {
      const names = [...(row[column] ?? '').matchAll(/`([\w.]+)`/g)].map(([, name = '']) => name)
      const [group] = (names[0] ?? '').split('.')
      return names.map((name) => (name.startsWith('.') ? `${group}${name}` : name))
    })

  it('has every setting, parameter and variable in its table, and no other', () => {
    const settings = rows.slice(0, rows.findIndex(([what]) => what?.startsWith('`ecruser`')) + 1)
    expect(settings).to.have.length(18)
    rows.splice(settings.length)
    expect(namesIn(1)).to.have.members(placesOf(SETTINGS))
    expect(namesIn(2)).to.have.members([...Object.keys(Parameters), 'CAPABILITY_NAMED_IAM'])
    expect(namesIn(3)).to.have.members(VARIABLES)
  })

  it('names members of the settings file that are there', () => {
    const [, text = ''] = /^\| Member \| Meaning \|\n([\s\S]*?)\n\n/m.exec(GUIDE) ?? []
    const members = text
      .split('\n')
      .slice(1)
      .flatMap((row) => {
        const [, cell = ''] = row.split(' | ')[0]?.split('| ') ?? []
        const names = [...cell.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => name)
        const group = names[0]?.split('.')[0] ?? ''
        return names.map((name) => (name.startsWith('.') ? `${group}${name}` : name))
      })
    expect(members).to.have.members(placesOf(SETTINGS))
  })

  it('gives parameters to commands that the template has', () => {
    const texts = [GUIDE, read('../../docs/guide.md')].join('\n')
    const overrides = [...texts.matchAll(/--parameter-overrides ([^`]*?)\n(?:aws |```)/g)].flatMap(
      ([, text = '']) => [...text.matchAll(/(?:^|[\s"])(\w+)=/g)].map(([, name = '']) => name),
    )
    const given = [...texts.matchAll(/--parameter ([A-Z][a-z]\w+)=/g)].map(([, name = '']) => name)
    expect(overrides).to.have.length.above(4)
    expect(given).to.have.length.above(2)
    expect(Object.keys(Parameters)).to.include.members([...overrides, ...given])
  })

  it('has a command line that Terraform takes', async function () {
    if (!runs('terraform')) {
      console.log('      skipped: no terraform on this machine')
      return this.skip()
    }
    const [, command = ''] = /^terraform apply ([^`]*?)\nterraform output/m.exec(GUIDE) ?? []
    const variables = [...command.matchAll(/-var ["'](.*?)["'](?= \\?\n|$)/gm)].map(
      ([, text = '']) => text.replace('$(cat ca.pem)', '-----BEGIN CERTIFICATE-----'),
    )
    expect(variables).to.have.length(3)
    const module = await openModule(fileURLToPath(new URL('../terraform', import.meta.url)))
    try {
      const args = variables.flatMap((text) => ['-var', text])
      const { status, stderr } = await module.run('plan', '-input=false', '-no-color', ...args)
      expect(status, stderr).to.equal(0)
    } finally {
      module.close()
    }
  })
})
