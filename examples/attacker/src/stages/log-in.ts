import type { Stage } from "../attacker.ts";

/** The account with the bad password. */
const VICTIM = "dora";

const COMMON_PASSWORDS = [
  "123456",
  "password",
  "qwerty",
  "111111",
  "abc123",
  "letmein",
  "monkey",
  "dragon",
  "iloveyou",
  "football",
  "princess",
  "welcome",
  "sunshine",
];

/** Common passwords against one account, the last of which is right. */
export const bruteForce: Stage = {
  name: "password brute force",
  async run(attacker) {
    for (const password of COMMON_PASSWORDS) {
      if (attacker.stopped()) return;
      await attacker.send({ method: "POST", path: "/login", form: { name: VICTIM, password } });
      await attacker.pause(60);
    }
  },
};

const NAMES = [
  "j.miller",
  "lena_k",
  "tom87",
  "sales",
  "info",
  "k.tanaka",
  "b.okafor",
  "mike1990",
  "office",
  "p.novak",
  "s.rossi",
  "support",
  "anna.w",
  "d.cohen",
  "r.singh",
  "c.dubois",
];

/** A list of leaked log-ins, one password each. Every round makes up new names. */
export const credentialStuffing: Stage = {
  name: "credential stuffing",
  async run(attacker) {
    for (const name of NAMES) {
      if (attacker.stopped()) return;
      await attacker.send({
        method: "POST",
        path: "/login",
        form: {
          name: `${name}${attacker.random.between(10, 1000)}`,
          password: `pw-${attacker.random.between(1000, 10_000_000)}`,
        },
      });
      await attacker.pause(400);
    }
  },
};
