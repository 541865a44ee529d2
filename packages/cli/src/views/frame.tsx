import { Box, Text } from 'ink';

/** Columns, as `columns` of ../table.ts prints them, drawn by Ink. */
export function Columns({ rows }: { rows: readonly (readonly string[])[] }) {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  }
  return (
    <Box flexDirection="column">
      {rows.map((row, line) => (
        <Text key={line} wrap="truncate-end">
          {row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ') || ' '}
        </Text>
      ))}
    </Box>
  );
}
