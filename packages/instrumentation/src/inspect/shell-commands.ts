import { WORD_LETTERS } from "./telling-words.ts";

/** Commands that are no words of a language: they prove an attack where a command may begin. */
const TOOLS =
  "id whoami uname ifconfig ipconfig netstat nslookup wget curl ncat netcat nc bash zsh ksh csh tcsh dash sh fish ash python perl ruby php lua node npm npx pip pipx gem powershell " +
  "pwsh cmd certutil bitsadmin wmic tasklist taskkill systeminfo printenv chmod chown chgrp mkdir rmdir rm mv cp ls ll lsb_release dir ps pwd tftp ftp telnet ssh scp sftp rsync " +
  "ssh-copy-id traceroute tracert crontab sudo su doas passwd useradd adduser usermod groupadd userdel gawk mawk awk sed grep egrep fgrep zgrep xargs base64 base32 xxd hexdump od " +
  "nmap tcpdump df du lsof gcc g++ cc make sysctl systemctl dmesg getent finger nohup busybox strace ltrace gdb gunzip gzip bunzip2 bzip2 unxz xz zcat bzcat xzcat zstdcat zstd " +
  "bsdtar tar unzip 7z socat openssl iptables ip6tables ufw ifdown ifup iwconfig arp nft apt apt-get aptitude dpkg yum dnf rpm apk pacman brew snap docker kubectl podman crictl " +
  "ctr helm terraform vagrant ansible ansible-playbook ansible-pull ansible-vault ansible-config ansible-doc ansible-console ansible-inventory chef-client chef-shell chef-vault " +
  "chef-run cscli cd c89 c99 irb rmt bridge lwp-download lwp-request rmt-tar rmt-dump visudo vipw pkexec setuid chroot unshare nsenter htop pgrep pkill killall fuser mkfifo mknod mktemp tee tac rev nl strings " +
  "readlink realpath stat whereis env eval exec uconv iconv perf flock cpulimit rundll32 regsvr32 mshta cscript wscript msiexec regedit schtasks bcdboot bcdedit diskshadow vssadmin " +
  "reg icacls takeown nltest netsh sc arp hostname ifstat ss lynx elinks w3m aria2c axel fetch dig host nping hping3 mysql mysqldump psql sqlite3 mongo redis-cli sqlcmd tclsh expect " +
  "git hg svn cvs vi vim nvim nano emacs ed ex view screen tmux dd mount umount fdisk lsblk blkid insmod modprobe lsmod shutdown reboot halt poweroff init telinit service journalctl " +
  "logger at atq batch watch xterm passwd chsh chfn gpasswd newgrp getfacl setfacl getcap setcap ldd ldconfig nm objdump readelf invoke-webrequest invoke-expression iwr iex iwmi irm " +
  "aa-exec agetty apache2ctl arj ascii-xfr aspell basenc bpftrace bundler busctl byebug capsh cdist certbot composer cpan cpio csplit csvtool cupsfilter dmidecode dmsetup " +
  "dpkg-query dstat ebtables exiftool fping gcore ghc ghci gpg groff hexedit iftop ionice jjs jq jrunscript jshell ldapsearch lualatex luatex mawk msgattrib multitime ncdu ncftp " +
  "nroff ntpdate openvt opkg pandoc pdb pdflatex puppet rake restic rlogin rlwrap rpmquery rsh run-parts rvim scanmem setarch smbclient soelim ssh-agent ssh-keygen ssh-keyscan sshpass " +
  "start-stop-daemon stdbuf tmate torify torsocks troff update-alternatives uudecode uuencode valgrind vimdiff vigr virsh whiptail whois xdotool xelatex yash zip zypper chpasswd lastb lastlog " +
  "sha256sum md5sum sha1sum ifquery ethtool brctl route4 mtr tshark tcptraceroute ipset nft systemd-run loginctl hostnamectl timedatectl blkid mkfs fsck swapon losetup " +
  "attrib bootcfg chkdsk cipher cmdkey defrag diskpart driverquery eventcreate findstr forfiles fsutil ftype gpresult gpupdate iexplore logoff makecab mklink mstsc nbtstat " +
  "ntdsutil odbcconf openfiles pathping pnputil quser rasdial robocopy runas secedit setx sfc subst tzutil winsat wusa xcopy bash.exe psexec procdump mimikatz rubeus seatbelt " +
  "invoke-restmethod start-process get-content get-childitem new-object set-executionpolicy wevtutil winrm";

/** Commands that are words too: only with an argument that looks like one. */
const WORDS =
  "cat echo type ping ping6 sleep net kill find head tail more less sort touch set export date time timeout cut which who w last nl copy del system ip route test printf source ver vol " +
  "alias cd dir move ren print format tree more set start call pause goto history jobs wait trap read let declare local return split join paste column fold comm diff cmp patch file " +
  "at ed ex view make fetch host service init screen watch expect mount batch node go rev stat su view fish dash su ss sc reg snap gem helm git init ls strings perf logger environment " +
  "finger init env eval exec halt service top chef lua npm view apk tee tac su who open pushd popd yes seq shuf uniq wc tr dump restore mail sendmail write wall mesg script users";

/** How much a word says: `tool` by itself, `word` with an argument of a command only. */
export type CommandKind = "tool" | "word";

const KINDS = new Map<string, CommandKind>();
for (const name of TOOLS.split(" ")) KINDS.set(name, "tool");
for (const name of WORDS.split(" ")) KINDS.set(name, "word");
for (const name of [
  "eval",
  "exec",
  "env",
  "tee",
  "tac",
  "rev",
  "dig",
  "stat",
  "cd",
  "perf",
  "ls",
  "vi",
  "su",
  "w",
  "who",
])
  KINDS.set(name, "tool");
KINDS.set("w", "word");
KINDS.set("dir", "tool");

/** Commands that run the command behind them. */
export const RUNS_ANOTHER: ReadonlySet<string> = new Set(
  "sudo doas time strace ltrace nohup env exec command builtin busybox xargs watch nice ionice setsid stdbuf timeout cpulimit flock chroot start cmd eval".split(
    " ",
  ),
);

/** What a word is as the name of a command: in lower case, without `.exe` and its version. */
export function commandKind(word: string): CommandKind | undefined {
  const name = word.toLowerCase().replace(/\.(?:exe|com|bat|cmd)$/, "");
  return KINDS.get(name) ?? KINDS.get(name.replace(/[\d.]{1,8}$/, ""));
}

/** Hashes of the first words of all names. */
const HASHES = new Set<number>();
for (const name of [...KINDS.keys(), ...RUNS_ANOTHER]) {
  let hash = 0;
  for (const letter of /^[a-z_]+|^\d[a-z]+/.exec(name)?.[0] ?? name)
    hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0;
  HASHES.add(hash);
}
// "\n" before a command whose backslash a filter took away.
for (const name of ["id", "ls", "cat", "whoami", "uname", "ping", "wget", "curl", "dir", "net", "ps", "pwd"]) {
  let hash = 0;
  for (const letter of `n${name}`) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0;
  HASHES.add(hash);
}

/**
 * Says whether a word of a text may be the name of a command: in one pass, with digits at its end and, where asked, quotes and backslashes
 * inside it left out.
 */
export function mayNameCommand(text: string, throughQuotes: boolean): boolean {
  let hash = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const letter = code < 128 ? (WORD_LETTERS[code] ?? 0) : 0;
    if (letter > 57) hash = (Math.imul(hash, 31) + letter) | 0;
    else if (throughQuotes && (code === 0x27 || code === 0x22 || code === 0x5c)) continue;
    else {
      if (hash !== 0 && HASHES.has(hash)) return true;
      hash = letter === 0 || hash !== 0 ? 0 : (Math.imul(hash, 31) + letter) | 0;
    }
  }
  return hash !== 0 && HASHES.has(hash);
}
