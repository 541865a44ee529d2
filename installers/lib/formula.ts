/** An archive of `writeTarball`'s, where it can be had. */
export interface Archive {
  /** As in its name: `darwin-arm64`. */
  machine: string;
  url: string;
  sha256: string;
}

const SYSTEMS = { darwin: 'on_macos', linux: 'on_linux' } as const;
const PROCESSORS = { arm64: 'on_arm', x64: 'on_intel' } as const;

/**
 * A Homebrew formula for the archives there are (Formula Cookbook, https://docs.brew.sh/Formula-Cookbook). The program's
 * folder becomes `libexec`; the launcher names it by `opt_libexec`, the path that stays through upgrades.
 */
export function formula({
  version,
  homepage,
  archives,
}: {
  version: string;
  homepage: string;
  archives: readonly Archive[];
}): string {
  const blocks = Object.entries(SYSTEMS).flatMap(([system, block]) => {
    const machines = Object.entries(PROCESSORS).flatMap(([processor, on]) => {
      const archive = archives.find(({ machine }) => machine === `${system}-${processor}`);
      return archive === undefined
        ? []
        : [`    ${on} do\n      url "${archive.url}"\n      sha256 "${archive.sha256}"\n    end\n`];
    });
    // The keychain library is linked with it; macOS has its own.
    const needs = system === 'linux' ? '    depends_on "libsecret"\n' : '';
    return machines.length === 0 ? [] : [`  ${block} do\n${machines.join('')}${needs}  end\n`];
  });
  return `class Hoop < Formula
  desc "Reach databases and servers by name, as yourself"
  homepage "${homepage}"
  version "${version}"
  license "MIT"

${blocks.join('\n')}
  def install
    libexec.install Dir["lib/hoop/*"]
    (bin/"hoop").write <<~SH
      #!/bin/sh
      exec "#{opt_libexec}/bin/node" --disable-sigusr1 "#{opt_libexec}/main.js" "$@"
    SH
    bash_completion.install "share/bash-completion/completions/hoop"
    zsh_completion.install "share/zsh/site-functions/_hoop"
    fish_completion.install "share/fish/vendor_completions.d/hoop.fish"
    man1.install "share/man/man1/hoop.1.gz"
    doc.install "LICENSES", "sbom.cdx.json"
  end

  def caveats
    <<~TEXT
      After the first installation, and after each upgrade: hoop setup
      Before you uninstall: hoop setup --undo
    TEXT
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/hoop version")
  end
end
`;
}
