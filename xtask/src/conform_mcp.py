"""A sale over MCP with the official Python client: from the question to the change of a stage, and a deletion that waits
for a person.

Usage: conform_mcp.py URL PASSWORD
"""

import asyncio
import json
import sys
import urllib.request

import httpx2
from mcp import ClientSession, types
from mcp.client.streamable_http import streamable_http_client

url, password = sys.argv[1:]


def send(path, body=None, token=None, method=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = "Bearer " + token
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


async def sale(session, token):
    begun = await session.initialize()
    assert begun.server_info.name == "kontor", begun
    tools = {}
    cursor = None
    while True:
        params = types.PaginatedRequestParams(cursor=cursor) if cursor else None
        page = await session.list_tools(params=params)
        tools.update({tool.name: tool for tool in page.tools})
        cursor = page.next_cursor
        if not cursor:
            break
    for tool in tools.values():
        hints = tool.annotations
        given = [hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint]
        assert all(hint is not None for hint in given), tool.name

    async def call(name, arguments):
        result = await session.call_tool(name, arguments)
        assert not result.is_error, (name, result.content)
        return result.structured_content

    where = [{"field": "stage", "operator": "eq", "value": "PROPOSAL"}]
    found = await call("find", {"object": "deal", "where": where, "limit": 5})
    deal = found["records"][0]
    values = [{"field": "stage", "value": "NEGOTIATION"}]
    change = {"object": "deal", "id": deal["id"], "values": values, "idempotency_key": "sale-1"}
    changed = await call("update", change)
    assert changed["record"]["stage"] == "NEGOTIATION", changed
    assert await call("update", change) == changed
    wrong = await session.call_tool("update", {**change, "idempotency_key": "sale-2", "values": [{"field": "stage", "value": "X"}]})
    assert wrong.is_error and "stage" in wrong.content[0].text, wrong

    made = await call("create", {"object": "deal", "values": [{"field": "name", "value": "To be deleted"}]})
    delete = {"object": "deal", "id": made["record"]["id"]}
    waiting = (await call("delete", delete))["approval"]
    assert waiting["status"] == "pending", waiting
    answered = send("/api/approvals/" + waiting["id"], {"decision": "approve"}, token)
    assert answered["status"] == "approved", answered
    done = await call("get_approval", {"id": waiting["id"]})
    assert done["record"]["id"] == delete["id"], done

    resources = await session.list_resources()
    assert resources.resources, resources
    read = await session.read_resource("kontor://records/deal/" + deal["id"])
    assert deal["id"] in read.contents[0].text
    prompts = await session.list_prompts()
    assert prompts.prompts, prompts
    return len(tools)


async def main():
    login = send("/api/auth/login", {"email": "ada@demo.test", "password": password})
    token = login["access_token"]
    headers = {"Authorization": "Bearer " + token}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as client:
        async with streamable_http_client(url + "/mcp", http_client=client) as streams:
            async with ClientSession(streams[0], streams[1]) as session:
                count = await sale(session, token)
    print(f"mcp (Python): a sale over {count} tools")


asyncio.run(main())
