// A client of the bridge for Node.js: register, watch, set, and run a tool.
//
//   cd examples/node && npm install && node client.js 127.0.0.1:50051
//
// docs/clients.md explains values, watches and errors.

const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const PROTO = path.join(process.env.BRIDGE_PROTO || path.join(__dirname, '../../proto'), 'snakepit_bridge.proto');
const TYPE_URL = 'type.googleapis.com/snakepit.';

// keepCase: the names of fields are those of the .proto file. longs as numbers: exact to 2^53, as JSON's numbers are here.
const definition = protoLoader.loadSync(PROTO, { keepCase: true, longs: Number, enums: String, defaults: true });
const { BridgeService } = grpc.loadPackageDefinition(definition).snakepit.bridge;

/** Return a value as the bridge expects it: JSON, labelled with its type. NaN and infinities are strings. */
function encode(type, value) {
  const json = typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  return { type_url: TYPE_URL + type, value: Buffer.from(JSON.stringify(json)) };
}

/** Return the value of a variable. An array that was set as raw bytes has its shape and dtype in the JSON. */
function decode({ value, binary_value: bytes }) {
  const json = JSON.parse(value.value.toString());
  return value.type_url.endsWith('.binary') ? { ...json, bytes } : json;
}

/** Return a function that makes a call, with a deadline, and promises its reply. */
function caller(client) {
  return (method, request, seconds = 10) =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + seconds * 1000;
      client[method](request, { deadline }, (error, reply) => (error ? reject(error) : resolve(reply)));
    });
}

async function main(address) {
  const client = new BridgeService(address, grpc.credentials.createInsecure());
  const call = caller(client);
  const session_id = `node-${process.pid}`;
  await call('InitializeSession', { session_id });

  const constraints_json = JSON.stringify({ min: 0, max: 2 });
  const initial_value = encode('float', 0.7);
  await call('RegisterVariable', { session_id, name: 'temperature', type: 'float', initial_value, constraints_json });

  // A watch is open once its initial metadata have arrived: from then on no change is missed.
  const watch = client.WatchVariables({ session_id, variable_identifiers: ['temperature'] });
  await new Promise((resolve, reject) => watch.once('metadata', resolve).once('error', reject));
  const changed = new Promise((resolve) =>
    watch.on('data', (update) => update.update_type !== 'heartbeat' && resolve(update)), // heartbeats have no variable
  );

  const { new_version } = await call('SetVariable', {
    session_id,
    variable_identifier: 'temperature',
    value: encode('float', 0.9),
    expected_version: 1, // refused with ABORTED if another client was faster
    request_id: 'raise-temperature', // a repeat after a lost answer changes nothing
  });
  const update = await changed;
  console.log(`temperature is ${decode(update.variable)} at version ${new_version}, change ${update.sequence}`);

  try {
    await call('SetVariable', { session_id, variable_identifier: 'temperature', value: encode('float', 2.5) });
  } catch (error) {
    console.log(`refused: ${grpc.status[error.code]}: ${error.details}`);
  }

  const parameters = { a: encode('float', 1.5), b: encode('float', 2) };
  const answer = await call('ExecuteTool', { session_id, tool_name: 'add', parameters });
  console.log(answer.success ? `add answered ${answer.result.value}` : `add failed: ${answer.error_message}`);

  watch.cancel();
  watch.on('error', () => {}); // a cancelled stream ends with CANCELLED
  await call('CleanupSession', { session_id });
  client.close();
}

main(process.argv[2] || '127.0.0.1:50051').catch((error) => {
  console.error(String(error));
  process.exitCode = 1;
});
