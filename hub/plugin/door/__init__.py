"""A door for a receiver that is called over HTTPS: what every such door does, whoever calls.

A plugin reads its settings with `settings`, holds a `server.HttpDoor` with a handler for its paths, and reads
bodies with `upload`. What the handler raises becomes problem+json (`frame`, `problem`), with the errors of
`faults` and the plugin's own. Proofs of who calls are compared with `proofs`.

Import `hub.plugin.door.settings` and `faults` from anywhere; the others import aiohttp, so import them
where the door opens.
"""
