import { cpus, release, totalmem } from 'node:os';
import type { Row } from './row.js';

export interface Machine {
  cpu: string;
  cores: number;
  memory: string;
  system: string;
  node: string;
  postgres: string;
  mode: 'full' | 'quick';
}

export function machine(postgres: string, mode: Machine['mode']): Machine {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${release()}`,
    node: process.version,
    postgres,
    mode,
  };
}

const HEAD = ['what', 'value', 'owed', '', 'against', 'spread', 'measured'];

/** Markdown that is readable as it stands. */
export function table(host: Machine, rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, at) => Math.max(3, ...lines.map((line) => line[at]!.length)));
  const line = (texts: readonly string[]) => `| ${texts.map((text, at) => text.padEnd(widths[at]!)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [told(host), '', line(HEAD), rule, ...lines.slice(1).map(line), ''].join('\n');
}

function told({ cpu, cores, memory, system, node, postgres, mode }: Machine): string {
  return `${cores} × ${cpu}, ${memory}, ${system}, Node ${node}, PostgreSQL ${postgres}; ${mode} run`;
}

function cells({ name, value, unit, target, met, peer, spread, paths, measured, note }: Row): string[] {
  const each = Object.entries(paths ?? {}).map(([path, its]) => `${path} ${its}`);
  const figures = each.length > 0 ? `${each.join(', ')} ${measured}` : '';
  return [
    name,
    `${value} ${unit}`,
    target === null ? '' : `${target} ${unit}`,
    met === null ? '' : met ? 'met' : 'short',
    peer ?? '',
    spread ? `${spread[0]} to ${spread[1]}` : '',
    [figures, note].filter((text) => text).join('; '),
  ];
}
