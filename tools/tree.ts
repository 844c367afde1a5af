import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Text of every file by its path from the root of the repository, with forward slashes. The checks
 * take a tree and not a folder, so that a test can write its bad tree in a few lines.
 */
export type Tree = ReadonlyMap<string, string>

/** Made by programs, or not ours. */
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git', 'certs/out', 'tmp'])

/** Reads all files below `root`, bytes that are not UTF-8 replaced. */
export function readTree(root: string): Tree {
  const tree = new Map<string, string>()
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (SKIPPED.has(path) || SKIPPED.has(entry.name)) continue
      if (entry.isDirectory()) visit(path)
      else if (entry.isFile()) tree.set(path, readFileSync(join(root, path), 'utf8'))
    }
  }
  visit('')
  return tree
}

/** Number, counted from 1, of the line that holds the character at `offset`. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
