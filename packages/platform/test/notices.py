"""A notification server as a desktop has one (Desktop Notifications Specification 1.2): prints each notice as JSON."""
import json
import signal
import sys
from dbus import SessionBus, service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

NAME = "org.freedesktop.Notifications"


class Server(service.Object):
    def __init__(self, bus):
        super().__init__(bus, "/org/freedesktop/Notifications")
        self.last = 0

    @service.method(NAME, in_signature="susssasa{sv}i", out_signature="u")
    def Notify(self, app, replaces, icon, title, body, actions, hints, timeout):
        self.last += 1
        say({"app": app, "title": title, "body": body, "actions": list(actions)})
        return self.last

    @service.method(NAME, out_signature="as")
    def GetCapabilities(self):
        return ["body"]

    @service.method(NAME, out_signature="ssss")
    def GetServerInformation(self):
        return ("test", "hoop", "1", "1.2")


def say(what):
    print(what if isinstance(what, str) else json.dumps(what), flush=True)


DBusGMainLoop(set_as_default=True)
bus = SessionBus()
name = service.BusName(NAME, bus)
server = Server(bus)
loop = GLib.MainLoop()
GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, loop.quit)
say("ready")
loop.run()
