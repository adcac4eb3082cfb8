// The Stripe sync engine as it comes, behind Node's own HTTP server: as many processes as asked for share the port.
const cluster = require("node:cluster");
const http = require("node:http");
const { StripeSync, runMigrations } = require("@supabase/stripe-sync-engine");

const { PEER_DATABASE_URL, STRIPE_API_KEY, STRIPE_WEBHOOK_SECRET, PORT, SERVERS, CONNECTIONS } = process.env;

async function begin() {
  await runMigrations({ databaseUrl: PEER_DATABASE_URL, schema: "stripe" });
  let listening = 0;
  cluster.on("listening", () => {
    listening += 1;
    if (listening === Number(SERVERS)) console.log("ready");
  });
  for (let n = 0; n < Number(SERVERS); n += 1) cluster.fork();
}

function serve() {
  const sync = new StripeSync({
    poolConfig: { connectionString: PEER_DATABASE_URL, max: Number(CONNECTIONS), keepAlive: true },
    stripeSecretKey: STRIPE_API_KEY,
    stripeWebhookSecret: STRIPE_WEBHOOK_SECRET,
  });
  http.createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      sync.processWebhook(Buffer.concat(parts), request.headers["stripe-signature"]).then(
        () => response.end("{}"),
        (error) => {
          console.error(error);
          response.statusCode = 500;
          response.end();
        },
      );
    });
  }).listen(Number(PORT), "127.0.0.1");
}

if (cluster.isPrimary) begin();
else serve();
