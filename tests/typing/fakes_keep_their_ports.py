"""Every fake has the shape of its port; type-checked only."""

from __future__ import annotations

from hub.plugin.ledger import EphemeralLedger
from hub.ports.clock import Chance, Clock
from hub.ports.connector import Delivers, Recovers
from hub.ports.content import Content, Sink
from hub.ports.directory import Directory
from hub.ports.host import Log
from hub.ports.intake import Intake, Stage
from hub.ports.keyring import Seals
from hub.ports.ledger import Ledger
from hub.testing import contents, fakes

clock: Clock = fakes.FixedClock()
chance: Chance = fakes.FixedChance()
null_log: Log = fakes.NullLog()
log: Log = fakes.RecordingLog()
directory: Directory = fakes.TinyDirectory()
operator: Delivers = fakes.ScriptedOperator()
recovering: Recovers = fakes.RecoveringOperator()
intake: Intake = fakes.RecordingIntake()
seals: Seals = fakes.UnsafeSeals()
content: Content = contents.MemoryContent(b"")
stage: Stage = contents.MemoryStage()
sink: Sink = contents.MemoryStage().sink()
ledger: Ledger = EphemeralLedger()
