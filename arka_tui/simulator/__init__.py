"""A loopback server that answers as the providers of the catalog do; for `arka-tui demo` and the tests.

    situations    the words: request, reply, situation; and what any server can do wrong
    openai        what OpenAI answers, situation by situation
    openrouter, anthropic, gemini, cohere, perplexity, huggingface, azure
                  what these answer, likewise
    alike         a server as most others have it, which differ in data
    alike_hosted  their data
    alike_local   the data of servers of one's own
    hostile       attacks: answers that try to harm, byte by byte
    server        the HTTP server, the issued keys, the requests it has seen

A key is issued for a situation ("no_credit", "slow") and is answered accordingly. Nothing is ever printed or logged.
"""

from arka_tui.simulator.server import SITUATIONS, SeenRequest, Simulator, unreachable_url

__all__ = ["SITUATIONS", "SeenRequest", "Simulator", "unreachable_url"]
