import { ExecEvent } from "@kinglet/enrichment";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { isDeclaredCommand } from "./declared-command.ts";

/** As Tetragon tells it: the program, and one text. */
function told(binary: string, args: string, isTruncated = false): ExecEvent {
  return new ExecEvent({ sequence: 1, source: "tetragon", binary, args, isTruncated });
}

/** As auditd tells it: the exact vector. */
function audited(binary: string, ...argv: readonly string[]): ExecEvent {
  return new ExecEvent({ sequence: 1, source: "linux-audit", binary, argv });
}

const shell = ["/bin/sh", "-c", "nginx -s quit"];

describe("isDeclaredCommand", () => {
  it("compares the program and every argument, and not the name that a process gives itself [rules X-5]", () => {
    expect(isDeclaredCommand(shell, false, told("/bin/sh", '-c "nginx -s quit"'))).toBe(true);
    expect(isDeclaredCommand(shell, false, audited("/bin/sh", "any", "-c", "nginx -s quit"))).toBe(true);
    expect(isDeclaredCommand(shell, false, audited("/tmp/sh", "/bin/sh", "-c", "nginx -s quit"))).toBe(false);
    for (const args of ["", "-c", '-c "nginx -s quit;id"', '-c "nginx -s quit" id', '-c "nginx" -s quit'])
      expect(isDeclaredCommand(shell, false, told("/bin/sh", args))).toBe(false);
    expect(isDeclaredCommand([], false, told("/bin/sh", ""))).toBe(false);
  });

  it("finds the program of a bare name in the folders of an image, and nowhere that a process writes [rules X-5]", () => {
    for (const path of ["/bin/sleep", "/usr/local/bin/sleep", "/usr/sbin/sleep"])
      expect(isDeclaredCommand(["sleep", "5"], false, told(path, "5"))).toBe(true);
    for (const path of [
      "/tmp/sleep",
      "/var/tmp/sleep",
      "/dev/shm/sleep",
      "/proc/self/fd/sleep",
      "/memfd:sleep",
      "sleep2",
      "",
      "/data/sleep",
      "/venv/bin/sleep",
      "sleep",
      "/usr/../tmp/sleep",
      "/tmp/../bin/sleep",
      "/usr/bin/../../tmp/bin/sleep",
    ])
      expect(isDeclaredCommand(["sleep", "5"], false, told(path, "5"))).toBe(false);
    expect(isDeclaredCommand(["./run.sh"], false, told("/app/run.sh", ""))).toBe(true);
    expect(isDeclaredCommand(["./run.sh"], false, told("/app/other-run.sh", ""))).toBe(false);
    expect(isDeclaredCommand(["./run.sh"], false, told("/tmp/run.sh", ""))).toBe(false);
    expect(isDeclaredCommand(["./run.sh"], false, told("/app/../tmp/run.sh", ""))).toBe(false);
    expect(isDeclaredCommand(["run.sh"], false, audited("/upload/run.sh", "/bin/sh", "/upload/run.sh"))).toBe(false);
  });

  it("takes /bin and /usr/bin for one folder, and no others [rules X-5]", () => {
    expect(isDeclaredCommand(["/bin/sh"], false, told("/usr/bin/sh", ""))).toBe(true);
    expect(isDeclaredCommand(["/usr/sbin/drain"], false, told("/sbin/drain", ""))).toBe(true);
    expect(isDeclaredCommand(["/bin/sh"], false, told("/usr/local/bin/sh", ""))).toBe(false);
  });

  it("knows a script by its own path before the arguments, with one word of its first line [rules X-5]", () => {
    const script = ["/entry.sh", "--serve"];
    for (const args of ["--serve", "/entry.sh --serve", "-eu /entry.sh --serve", "bash /entry.sh --serve"])
      expect(isDeclaredCommand(script, false, told("/entry.sh", args))).toBe(true);
    for (const args of ["/other.sh --serve", "-c /entry.sh --serve", "x y /entry.sh --serve", "evil /entry.sh --serve"])
      expect(isDeclaredCommand(script, false, told("/entry.sh", args))).toBe(false);
  });

  it("knows a script by the name that it is declared by, and paths with empty parts [rules X-5]", () => {
    const drain = ["./drain.sh", "now"];
    expect(isDeclaredCommand(drain, false, audited("/app/drain.sh", "/bin/sh", "./drain.sh", "now"))).toBe(true);
    expect(isDeclaredCommand(drain, false, audited("/app/drain.sh", "/bin/sh", "-e", "./drain.sh", "now"))).toBe(true);
    expect(isDeclaredCommand(drain, false, audited("/tmp/drain.sh", "/bin/sh", "./drain.sh", "now"))).toBe(false);
    expect(isDeclaredCommand(drain, false, audited("/app/drain.sh", "/bin/sh", "./other.sh", "now"))).toBe(false);
    const quoting = ["./drain.sh", 'say "a b" "c d"'];
    expect(isDeclaredCommand(quoting, false, told("/app/drain.sh", './drain.sh "say "a b" "c d""'))).toBe(true);
    const stop = ["/scripts//stop.sh"];
    for (const event of [
      told("/scripts/stop.sh", ""),
      told("/scripts/stop.sh", "/scripts//stop.sh"),
      audited("/scripts/stop.sh", "/bin/sh", "/scripts//stop.sh"),
    ])
      expect(isDeclaredCommand(stop, false, event)).toBe(true);
  });

  it("does not take an interpreter that runs a file of its own name for a script [rules X-5]", () => {
    expect(isDeclaredCommand(["sh", "-l"], false, audited("/bin/sh", "sh", "sh", "-l"))).toBe(false);
    expect(isDeclaredCommand(["./node", "x"], false, audited("/app/node", "node", "./node", "x"))).toBe(false);
  });

  it("refuses a first word that makes an interpreter of the program [rules X-5]", () => {
    const sleep = ["sleep", "3600"];
    for (const name of ["sh", "/bin/ash", "-sh", "hush", "xargs", "env", "busybox"])
      expect(isDeclaredCommand(sleep, false, audited("/bin/sleep", name, "3600"))).toBe(false);
    for (const name of ["sleep", "/bin/sleep", "worker 1", ""])
      expect(isDeclaredCommand(sleep, false, audited("/bin/sleep", name, "3600"))).toBe(true);
    expect(isDeclaredCommand(["sh", "-l"], false, audited("/bin/sh", "-sh", "-l"))).toBe(true);
    expect(isDeclaredCommand(sleep, false, audited("/bin/sleep", "sh", "bash", "/bin/sleep", "3600"))).toBe(false);
    const entry = ["/entry", "3600"];
    expect(isDeclaredCommand(entry, false, audited("/entry", "/usr/bin/env", "bash", "/entry", "3600"))).toBe(true);
    expect(isDeclaredCommand(entry, false, audited("/entry", "/bin/sh", "-eu", "/entry", "3600"))).toBe(true);
  });

  it("does not take a shell that runs a file named as a shell for a script [rules X-5]", () => {
    expect(isDeclaredCommand(["/bin/sh", "-l"], false, told("/bin/sh", "bash /bin/sh -l"))).toBe(false);
    expect(isDeclaredCommand(["/usr/bin/env", "x"], false, told("/usr/bin/env", "bash /usr/bin/env x"))).toBe(false);
  });

  it("knows what a wrapper executes: the rest of its words, from an absolute path on [rules X-5]", () => {
    const wrapped = ["/sbin/tini", "--", "/app/server", "--port", "80"];
    expect(isDeclaredCommand(wrapped, false, told("/app/server", "--port 80"))).toBe(true);
    expect(isDeclaredCommand(wrapped, false, told("/app/server", "--port 81"))).toBe(false);
    expect(isDeclaredCommand(["tini", "server"], false, told("/app/server", ""))).toBe(false);
    for (const before of [
      "tini -g -- gosu node:node",
      "/sbin/tini -p SIGTERM",
      "dumb-init -c",
      "catatonit --",
      "su-exec app",
      "setpriv --reuid app --regid=1000 --clear-groups",
      "timeout -k 5s 30",
      "timeout --foreground 30",
      "nice -n 10 ionice -c3",
      "nohup",
      "stdbuf -oL",
      "env -i A=/x B=b",
      "/usr/local/bin/docker-entrypoint.sh",
      "tini -- /entrypoint.sh",
    ])
      expect([
        before,
        isDeclaredCommand([...before.split(" "), "/app/server", "-v"], false, told("/app/server", "-v")),
      ]).toEqual([before, true]);
  });

  it("takes no argument and no value of an option for a program [rules X-5]", () => {
    for (const line of [
      "redis-server --pidfile /app/x",
      "cp /bin/busybox /app/x",
      "tini -- redis-server --pidfile /app/x",
      "tini -- cp /bin/busybox /app/x",
      "tini -- /bin/cp /bin/busybox /app/x",
      "tini --unknown /etc/a /app/x",
      "env -C /app/x",
      "gosu app redis-server /app/x",
      "docker-entrypoint.sh redis-server /app/x",
      "docker-entrypoint.sh --config /app/x",
      "chroot / /app/x",
    ])
      expect([line, isDeclaredCommand(line.split(" "), false, told("/app/x", ""))]).toEqual([line, false]);
    expect(isDeclaredCommand(["tini", "/tmp/x"], false, told("/tmp/x", ""))).toBe(false);
    expect(isDeclaredCommand(["cp", "/bin/busybox", "/bin/sh"], false, told("/bin/sh", ""))).toBe(false);
  });

  describe("variables", () => {
    it("stand for any text in their place, where Kubernetes puts them in [rules X-5]", () => {
      const serve = ["/serve", "--at=$(HOST):$(PORT)", "$$(x)"];
      expect(isDeclaredCommand(serve, true, audited("/serve", "", "--at=a b:80", "$(x)"))).toBe(true);
      expect(isDeclaredCommand(serve, true, audited("/serve", "", "--at=$(HOST):$(PORT)", "$(x)"))).toBe(true);
      expect(isDeclaredCommand(serve, true, audited("/serve", "", "--at=80", "$(x)"))).toBe(false);
      expect(isDeclaredCommand(serve, true, audited("/serve", "", "--to=a:80", "$(x)"))).toBe(false);
      expect(isDeclaredCommand(serve, true, audited("/serve", "", "--at=a:80", "y"))).toBe(false);
      expect(isDeclaredCommand(serve, false, audited("/serve", "", "--at=a:80", "$(x)"))).toBe(false);
    });

    it("bring no commands into what a shell is told to run [rules X-5]", () => {
      const served = ["sh", "-c", "serve --port $(PORT)"];
      const isDeclared = (text: string): boolean =>
        isDeclaredCommand(served, true, audited("/bin/sh", "sh", "-c", text));
      expect(isDeclared("serve --port 80")).toBe(true);
      for (const value of ["80; id", "$(id)", "`id`", "80 | sh", "80\nid", "80 && id", "80 > /etc/passwd"])
        expect(isDeclared(`serve --port ${value}`)).toBe(false);
    });

    it("bring no commands into the text of a program either, whatever option it stands behind [rules X-5]", () => {
      for (const options of [
        ["-e"],
        ["-E"],
        ["-p"],
        ["-pe"],
        ["-r"],
        ["--eval"],
        ["--print"],
        ["-c", "--"],
        ["-c", "-x"],
      ]) {
        const isDeclared = (text: string): boolean =>
          isDeclaredCommand(["run", ...options, "$(CODE)"], true, audited("/bin/run", "run", ...options, text));
        expect([options, isDeclared("main"), isDeclared("system('id')")]).toEqual([options, true, false]);
      }
      const attached = ["node", "--eval=$(CODE)"];
      expect(isDeclaredCommand(attached, true, audited("/bin/node", "node", "--eval=f(1)"))).toBe(false);
      const served = ["serve", "--json", "$(JSON)"];
      expect(isDeclaredCommand(served, true, audited("/bin/serve", "serve", "--json", '{"a":1}'))).toBe(true);
      const cache = ["serve", "-cache", "$(URL)"];
      expect(isDeclaredCommand(cache, true, audited("/bin/serve", "serve", "-cache", "http://a?b=1&c=2"))).toBe(true);
    });

    it("are none with spaces in their names: that is a shell's own substitution [rules X-5]", () => {
      const dated = ["/bin/sh", "-c", "echo $(date +%s)"];
      expect(isDeclaredCommand(dated, true, audited("/bin/sh", "", "-c", "echo $(date +%s)"))).toBe(true);
      expect(isDeclaredCommand(dated, true, audited("/bin/sh", "", "-c", "echo 5"))).toBe(false);
    });
  });

  it("lets a secret that was taken out stand for the declared text [rules X-5]", () => {
    const call = ["/bin/curl", "-u", "ann:secret", "http://a/?token=abc&x=1"];
    expect(
      isDeclaredCommand(
        call,
        false,
        audited("/bin/curl", "", "-u", "ann:[redacted]", "http://a/?token=[redacted]&x=1"),
      ),
    ).toBe(true);
    expect(
      isDeclaredCommand(
        call,
        false,
        audited("/bin/curl", "", "-u", "ann:[redacted]", "http://b/?token=[redacted]&x=1"),
      ),
    ).toBe(false);
    const asked = ["/bin/curl", "--password=$(PW)"];
    expect(isDeclaredCommand(asked, true, audited("/bin/curl", "", "--password=[redacted]"))).toBe(true);
    const vectors: readonly (readonly [string, string])[] = [
      ["--password|hunter2", "--password|[redacted]"],
      ["--password=hunter 2", "--password=[redacted]"],
      ["PGPASSWORD=x", "PGPASSWORD=[redacted]"],
      ["-H|Authorization: Bearer $(TOKEN)", "-H|Authorization: [redacted]"],
      ["postgres://$(NAME):$(PW)@$(HOST)/db?token=abc", "postgres://ann:[redacted]@db/db?token=[redacted]"],
      ["--token=$(A)-$(B)", "--token=[redacted]"],
      ["-c|mysql --password=$(PW) -h $(HOST)", "-c|mysql --password=[redacted] -h db"],
    ];
    for (const [declared, one] of vectors) {
      const event = audited("/bin/x", "", ...one.split("|"));
      expect([declared, isDeclaredCommand(["x", ...declared.split("|")], true, event)]).toEqual([declared, true]);
    }
  });

  it("takes [redacted] for what redaction leaves of the declared text, and for nothing else [rules X-5]", () => {
    expect(isDeclaredCommand(["node", "server.js"], true, audited("/bin/node", "", "[redacted]"))).toBe(false);
    expect(isDeclaredCommand(shell, false, audited("/bin/sh", "", "-c", "[redacted]"))).toBe(false);
    expect(isDeclaredCommand(shell, false, told("/bin/sh", '-c "nginx [redacted]"'))).toBe(false);
    const options = ["x", "--password", "--verbose"];
    expect(isDeclaredCommand(options, false, audited("/bin/x", "", "--password", "[redacted]"))).toBe(false);
    const quoting = ["sh", "-c", 'echo "a b" "c d" --password=x'];
    expect(isDeclaredCommand(quoting, false, told("/bin/sh", '-c "echo "a b" "c d" --password=[redacted]"'))).toBe(
      true,
    );
    expect(isDeclaredCommand(quoting, false, told("/bin/sh", '-c "echo "a b" [redacted]"'))).toBe(false);
    expect(isDeclaredCommand(quoting, false, told("/bin/sh", '[redacted] "a b" "c d"'))).toBe(false);
  });

  describe("arguments that cannot be taken apart", () => {
    const quoting = ["/bin/sh", "-c", 'echo "a b" "c d"'];

    it("are compared as one text, and ones that were not told are nothing declared [rules X-5]", () => {
      const event = told("/bin/sh", '-c "echo "a b" "c d""');
      expect(event.argv).toBeUndefined();
      expect(isDeclaredCommand(quoting, false, event)).toBe(true);
      expect(isDeclaredCommand(quoting, false, told("/bin/sh", '-c "echo "a b" "c e""'))).toBe(false);
      expect(isDeclaredCommand(["/bin/sh"], false, told("/bin/sh", "", true))).toBe(false);
    });

    it("have room for variables without spaces or with them, and for a script's own path [rules X-5]", () => {
      const served = ["/serve.sh", "$(NAME)", 'say "a b" "c d"'];
      const tail = '"say "a b" "c d""';
      for (const start of ["x", '"x y"', "/serve.sh x", '/serve.sh "x y"'])
        expect(isDeclaredCommand(served, true, told("/serve.sh", `${start} ${tail}`))).toBe(true);
      expect(isDeclaredCommand(served, true, told("/serve.sh", `x; ${tail}`))).toBe(false);
    });

    it("count when they were cut and enough is there to compare [rules X-5]", () => {
      const long = ["/bin/sh", "-c", `drain ${"host ".repeat(1_000)}`];
      const start = `-c "drain ${"host ".repeat(50)}`;
      expect(isDeclaredCommand(long, false, told("/bin/sh", `${start}"`, true))).toBe(true);
      expect(isDeclaredCommand(long, false, told("/bin/sh", start, true))).toBe(true);
      expect(isDeclaredCommand(long, false, told("/bin/sh", '-c "drain host"', true))).toBe(false);
      const secret = ["/bin/sh", "-c", `drain --password=abc ${"host ".repeat(1_000)}`];
      const safe = `-c "drain --password=[redacted] ${"host ".repeat(50)}`;
      expect(isDeclaredCommand(secret, false, told("/bin/sh", safe, true))).toBe(true);
      expect(isDeclaredCommand(long, false, told("/bin/sh", `${start}evil"`, true))).toBe(false);
      expect(isDeclaredCommand(shell, false, told("/bin/sh", `-c "nginx -s quit${" ".repeat(300)}"`, true))).toBe(
        false,
      );
    });
  });

  it("holds for every command that is run as declared, and for none with one argument changed [rules X-5]", () => {
    const argument = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 5 }), fc.nat(), argument, (args, at, other) => {
        const words = ["/bin/app", ...args];
        expect(isDeclaredCommand(words, false, audited("/bin/app", "", ...args))).toBe(true);
        const place = at % args.length;
        if (other === args[place]) return;
        const changed = args.map((one, index) => (index === place ? other : one));
        expect(isDeclaredCommand(words, false, audited("/bin/app", "", ...changed))).toBe(false);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("takes no longer than the text is long, however many variables there are [rules X-5]", () => {
    const words = ["/bin/app", `${"a$(X)".repeat(2_000)}b`];
    expect(isDeclaredCommand(words, true, audited("/bin/app", "", "a".repeat(60_000)))).toBe(false);
  });
});
