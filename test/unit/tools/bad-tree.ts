import type { Problem } from '../../../tools/problem.js'
import { formatProblem } from '../../../tools/problem.js'
import type { Tree } from '../../../tools/tree.js'

/** A tree of a few files, to be looked at by one check. */
export const treeOf = (files: Record<string, string>): Tree => new Map(Object.entries(files))

/** Findings as their lines. */
export const linesOf = (problems: readonly Problem[]): string[] => problems.map(formatProblem)
