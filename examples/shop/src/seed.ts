/** Accounts of a new shop. Everything about them is public: they exist to be logged in to, and one of them to be guessed. */
export const SEED_ACCOUNTS = [
  { name: "grace", password: "four-candles-and-a-lamp", role: "admin" },
  { name: "alice", password: "correct-horse-battery", role: "customer" },
  { name: "sean.o'brien", password: "an-apostrophe-is-fine", role: "customer" },
  { name: "dora", password: "sunshine", role: "customer" },
] as const;

/** Products of a new shop: ordinary things, some with names that look like attacks to a hasty eye. */
export const SEED_PRODUCTS = [
  { name: "Union Jack mug", description: "Bone china, 300 ml, dishwasher safe.", category: "mugs", price: 1290 },
  { name: "1=1 mug", description: "For logicians. Always true.", category: "mugs", price: 1390 },
  { name: "I <3 coffee mug", description: "A heart, spelled out.", category: "mugs", price: 1190 },
  {
    name: "Half-and-half mug",
    description: "50% milk & 50% coffee, marked on the inside.",
    category: "mugs",
    price: 1250,
  },
  { name: "Drop Dead Fred", description: "The 1991 comedy, on disc.", category: "films", price: 990 },
  { name: "Rock 'n' Roll High School", description: "School's out; the band is in.", category: "films", price: 890 },
  {
    name: "Select Committee",
    description: "Parliament on film: from order to disorder.",
    category: "films",
    price: 1490,
  },
  {
    name: "Effective C++ in practice",
    description: "Templates, lifetimes and where they end.",
    category: "books",
    price: 3490,
  },
  {
    name: "SQL for gardeners",
    description: "Select plants, insert seeds, delete weeds from beds where the sun is low.",
    category: "books",
    price: 2490,
  },
  { name: "O'Reilly's harbour", description: "A novel of tides and tax.", category: "books", price: 1690 },
  {
    name: "The cat & the passwd",
    description: "A thriller for system administrators.",
    category: "books",
    price: 1590,
  },
  { name: "Scripts for the stage", description: "Twelve short plays for small casts.", category: "books", price: 1990 },
  { name: "Curl & wave iron", description: "Ceramic plates, 150 to 210 degrees.", category: "home", price: 3990 },
  { name: "Table runner, 'Drop' pattern", description: "Linen, 40 x 150 cm.", category: "home", price: 2790 },
  {
    name: "Gift card",
    description: "Select a gift for somebody whose taste you do not know.",
    category: "gifts",
    price: 5000,
  },
  { name: "Mystery box; open slowly", description: "Contents vary || prices do not.", category: "gifts", price: 2500 },
] as const;

/** Manuals that can be downloaded, by name. */
export const MANUALS: Readonly<Record<string, string>> = {
  "curl-iron.txt": "Curl & wave iron\n\nHeat for two minutes. Do not leave it on the linen table runner.\n",
  "mugs.txt": "Mugs\n\nThis side up. Dishwasher safe; the microwave dulls the gilt.\n",
};
