"""The turns of `cargo xtask bench turns` by Pydantic-AI with DBOS, each step of which is durable.

What one lane does: a message, a streamed call of a tool that searches five of 200 contacts, its result, a reply of
40 pieces; ten turns a conversation, whose earlier turns go along. It answers one program, where Kontor answers
clients over HTTP, keeps a timeline and asks for permissions. Both keep their data in SQLite with a full flush.

Arguments: the address of the model server, the seconds a measurement takes, the lanes of each measurement.
"""

import asyncio
import os
import resource
import sqlite3
import sys
import tempfile
import time

from dbos import DBOS, DBOSConfig
from pydantic_ai import Agent
from pydantic_ai.durable_exec.dbos import DBOSDurability
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from sqlalchemy import create_engine, event

TURNS_A_CONVERSATION = 10
STEPS_A_TURN = 3  # two answers of the model and a call

url, seconds, lanes = sys.argv[1], float(sys.argv[2]), [int(number) for number in sys.argv[3:]]
folder = tempfile.TemporaryDirectory()


def flushed(connection):
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def contacts():
    connection = flushed(sqlite3.connect(os.path.join(folder.name, "contacts.sqlite"), check_same_thread=False))
    connection.execute("CREATE VIRTUAL TABLE contact USING fts5(name, email, title, tokenize = 'trigram')")
    names = ["Anna", "Hannah", "Ivan", "Joanna", "Daniel", "Frank", "Ada", "Jan"]
    rows = [(f"{names[i % 8]} Example{i}", f"c{i}@example.com", "Buyer") for i in range(200)]
    connection.executemany("INSERT INTO contact VALUES (?, ?, ?)", rows)
    connection.commit()
    return connection


database = contacts()
engine = create_engine(
    f"sqlite:///{folder.name}/durable.sqlite", pool_size=20, connect_args={"timeout": 60, "check_same_thread": False}
)
event.listen(engine, "connect", lambda connection, _: flushed(connection))
config: DBOSConfig = {
    "name": "peer",
    "system_database_url": f"sqlite:///{folder.name}/durable.sqlite",
    "system_database_engine": engine,
    "log_level": "ERROR",
    "enable_otlp": False,
}
DBOS(config=config)

async def follow(_, events):
    async for _ in events:
        pass


model = OpenAIChatModel("scripted", provider=OpenAIProvider(base_url=url, api_key="sk-scripted-model-key"))
agent = Agent(
    model,
    instructions="You help sales people with their records.",
    name="sales",
    capabilities=[DBOSDurability(event_stream_handler=follow)],
)


@agent.tool_plain
@DBOS.step()
async def contact_find(search: str, limit: int) -> list[dict[str, str]]:
    """Finds contacts."""
    rows = database.execute(
        "SELECT name, email, title FROM contact WHERE name LIKE ? LIMIT ?", (f"%{search}%", limit)
    )
    return [{"name": name, "email": email, "title": title} for name, email, title in rows]


@DBOS.workflow()
async def turn(history):
    result = await agent.run("who is there?", message_history=history)
    return result.output, result.all_messages()


async def lane(begin, end):
    samples, turns, history = [], 0, None
    while time.monotonic() < end:
        if turns % TURNS_A_CONVERSATION == 0:
            history = None
        begun = time.monotonic()
        output, history = await turn(history)
        assert output, "the reply is empty"
        turns += 1
        if begun >= begin:
            samples.append(time.monotonic() - begun)
    return samples


async def measure(count):
    now = time.monotonic()
    begin, end = now + seconds / 10, now + seconds * 1.1
    samples = sorted(sample for all in await asyncio.gather(*(lane(begin, end) for _ in range(count))) for sample in all)
    elapsed = time.monotonic() - begin
    middle = samples[len(samples) // 2] * 1e3 if samples else float("nan")
    per_second = len(samples) / elapsed
    step = 1e3 / per_second / STEPS_A_TURN if samples else float("nan")
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{count:>3} concurrent: {per_second:9.1f}/s  median {middle:8.3f} ms"
        f"  {step:.3f} ms a durable step  {resident} MB resident",
        flush=True,
    )


async def main():
    print("# the same turns by Pydantic-AI with DBOS", flush=True)
    for _ in range(3):  # much is imported with the first
        await turn(None)
    for count in lanes:
        await measure(count)


DBOS.launch()
asyncio.run(main())
DBOS.destroy()
folder.cleanup()
