/** Somebody who buys, or only looks. */
export interface Customer {
  /** Several customers can share an address, as in an office. */
  readonly address: string;
  /** Account name; undefined for somebody who never logs in. */
  readonly name: string | undefined;
  readonly password: string;
  /** True for an account that the shop has from the start. */
  readonly known?: boolean;
  readonly administrator?: boolean;
  readonly userAgent: string;
  /** Milliseconds between two clicks. */
  readonly patience: number;
  /** Mistypes the password before the first log-in. */
  readonly mistypes?: "password" | "name";
}

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const SAFARI =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1";
const CHROME =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const SCRIPT = "price-watcher/2.3 (+mailto:prices@example.org)";

/** The ordinary customers of a campaign: quick and slow, alone and behind one address, with names and habits that look odd to a machine. */
export const CUSTOMERS: readonly Customer[] = [
  {
    address: "127.0.0.11",
    name: "alice",
    password: "correct-horse-battery",
    known: true,
    userAgent: FIREFOX,
    patience: 900,
  },
  {
    address: "127.0.0.12",
    name: "grace",
    password: "four-candles-and-a-lamp",
    known: true,
    administrator: true,
    userAgent: CHROME,
    patience: 1500,
  },
  {
    address: "127.0.0.13",
    name: "sean.o'brien",
    password: "an-apostrophe-is-fine",
    known: true,
    userAgent: CHROME,
    patience: 1100,
    mistypes: "password",
  },
  {
    address: "127.0.0.14",
    name: "maria+shop@example.com",
    password: "plus & minus; 100%",
    userAgent: SAFARI,
    patience: 1300,
  },
  {
    address: "127.0.0.15",
    name: "Núñez",
    password: "¡ábrete, sésamo!",
    userAgent: CHROME,
    patience: 1200,
    mistypes: "password",
  },
  {
    address: "127.0.0.15",
    name: "D'Angelo-Smith",
    password: "<angle brackets>",
    userAgent: CHROME,
    patience: 1400,
    mistypes: "name",
  },
  {
    address: "127.0.0.15",
    name: "Drop-Table Bobby",
    password: "little bobby's own",
    userAgent: FIREFOX,
    patience: 1600,
  },
  { address: "127.0.0.16", name: undefined, password: "", userAgent: FIREFOX, patience: 350 },
  { address: "127.0.0.17", name: undefined, password: "", userAgent: SAFARI, patience: 5000 },
  { address: "127.0.0.18", name: undefined, password: "", userAgent: SCRIPT, patience: 1000 },
  {
    address: "127.0.0.19",
    name: "Select-All Sally",
    password: "union of the crowns",
    userAgent: SAFARI,
    patience: 1000,
    mistypes: "password",
  },
];

/** What people search for. Each looks like an attack to somebody who looks at single words or characters only. */
export const HARD_SEARCHES: readonly string[] = [
  "O'Brien",
  "select a gift",
  "50% off & more",
  "rock 'n' roll",
  "<3",
  "I <3 coffee",
  "union jack mug",
  "Drop Dead Fred",
  "C++ books",
  "1=1 mug",
  "books from A to Z",
  "table runner, drop pattern",
  "O'Reilly's harbour",
  "curl & wave iron",
  "cat & the passwd",
  "scripts for the stage",
  "half-and-half",
  "price < 20 or price > 50",
  "gift for him/her",
  "Who's who -- 2026 edition",
  "mug; large; blue",
  "(out of print) atlas",
  "café crème",
  "100% cotton || linen",
  "AT&T phone holder",
  "how do I order 2 or more?",
  "delete my old list",
  "insert cards for file boxes",
  "$5 gifts",
  "#1 dad mug",
  '"exact phrase" mug',
  "where is my order from last week?",
];

/** What people ask the assistant. */
export const QUESTIONS: readonly string[] = [
  "Do you have a mug for a logician?",
  "I am looking for the Union Jack mug",
  "Where is order 1?",
  "Do you sell books?",
  "please find a gift",
];

/** What people write about products. */
export const REVIEWS: readonly string[] = [
  "Lovely mug. My mother's favourite <3",
  'It\'s "fine" -- not great; 3/5 & would not select again.',
  "50% of it was broken, and 50% = half!",
  "Works with C++ too (said O'Brien).",
];
