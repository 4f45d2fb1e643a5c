// A sale over MCP with the official TypeScript client.
//
// Usage: conform_mcp.mjs URL PASSWORD
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import assert from "node:assert/strict";

const [url, password] = process.argv.slice(2);
const send = async (path, body, token) => {
    const headers = { "content-type": "application/json" };
    if (token) headers.authorization = `Bearer ${token}`;
    const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer.json();
};
const { access_token: token } = await send("/api/auth/login", { email: "ada@demo.test", password });
const headers = { authorization: `Bearer ${token}` };
const client = new Client({ name: "conform", version: "1.0.0" });
const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } });
await client.connect(transport);
const { tools } = await client.listTools();
assert.ok(tools.some((tool) => tool.name === "find"));
const call = async (name, values) => {
    const result = await client.callTool({ name, arguments: values });
    assert.ok(!result.isError, `${name}: ${JSON.stringify(result.content)}`);
    return result.structuredContent;
};
const where = [{ field: "stage", operator: "eq", value: "LEAD" }];
const { records } = await call("find", { object: "deal", where, limit: 5 });
const values = [{ field: "stage", value: "PROPOSAL" }];
const change = { object: "deal", id: records[0].id, values, idempotency_key: "sale-ts" };
const { record } = await call("update", change);
assert.equal(record.stage, "PROPOSAL");
const made = await call("create", { object: "deal", values: [{ field: "name", value: "To be deleted" }] });
const { approval } = await call("delete", { object: "deal", id: made.record.id });
assert.equal(approval.status, "pending");
await send(`/api/approvals/${approval.id}`, { decision: "approve" }, token);
const done = await call("get_approval", { id: approval.id });
assert.equal(done.record.id, made.record.id);
const reading = new Client({ name: "conform", version: "1.0.0" });
await reading.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp/read`), { requestInit: { headers } }));
assert.ok((await reading.listTools()).tools.every((tool) => tool.annotations.readOnlyHint));
await client.close();
await reading.close();
console.log(`mcp (TypeScript): a sale over ${tools.length} tools`);
