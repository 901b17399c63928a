#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`run --explore`: the page of a guest that runs, and peers that mean no good."""

import http.client
import json
import os
import re
import socket
import subprocess
import tempfile
import unittest

from browser import Browser

VERBATIM = os.environ['VERBATIM']
TALKER = os.environ['TALKER']
PATIENCE_SECONDS = 60
# HttpServer's.
MAX_REQUEST_BYTES = 8192
MAX_CONNECTIONS = 16


class Guest:
    """One that echoes what it is sent, until that is a q."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [VERBATIM, 'run', '--kernel', TALKER, *(arguments or ['--explore'])], bufsize=0,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self.process.stdout.readline() != b'ready\n':
            raise AssertionError(self.process.stderr.read())
        self.url = re.fullmatch(r'verbatim: --explore: (http://(127\.0\.0\.1|\[::1\]):(\d+)/)\n',
                                self.process.stderr.readline().decode())[1]
        self.port = int(self.url.split(':')[-1].rstrip('/'))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def echo(self, text):
        self.process.stdin.write(text)
        seen = b''
        while len(seen) < len(text):
            seen += self.process.stdout.read(len(text) - len(seen))
        return seen

    def end(self):
        """(exit status, what it had to say)."""
        _, said = self.process.communicate(b'q', timeout=PATIENCE_SECONDS)
        return self.process.returncode, said

    def ask(self, path, **headers):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=PATIENCE_SECONDS)
        connection.request('GET', path, headers=headers)
        answer = connection.getresponse()
        contents = answer.read()
        connection.close()
        return answer.status, contents

    def send(self, data, closes=True):
        """What comes back for these bytes."""
        with socket.create_connection(('127.0.0.1', self.port), PATIENCE_SECONDS) as peer:
            try:
                peer.sendall(data)
                if closes:
                    peer.shutdown(socket.SHUT_WR)
                answer = b''
                while part := peer.recv(65536):
                    answer += part
                return answer
            except ConnectionResetError:
                return b''


class Live(unittest.TestCase):
    def ends_well(self, guest):
        self.assertEqual(guest.echo(b'still here'), b'still here')
        self.assertEqual(guest.end(), (1, b''))

    def test_a_browser_sees_blocks_as_they_come_and_may_go(self):
        with Guest() as guest:
            with Browser() as browser:
                browser.open(guest.url)
                blocks = 'return Number(document.querySelector("#facts b").textContent.replace(",", ""))'
                executed = ('return Number([...document.querySelectorAll("#facts b")][1]'
                            '.textContent.replaceAll(",", ""))')
                before = [browser.run(blocks), browser.run(executed)]
                self.assertGreater(before[0], 5)
                # Code that did not run yet, and executions.
                guest.echo(b'hello')
                browser.wait(blocks.replace('return', 'return arguments[0] <'), before[0])
                browser.wait(executed.replace('return', 'return arguments[0] <'), before[1])
                browser.type('#search', 'out dx, al')
                browser.wait('return document.getElementById("shown").dataset.query'
                             ' === "out dx, al"')
                browser.click('.row')
                browser.wait('return document.querySelector("#lines").innerText'
                             '.includes("simulated")')
                # A second one at the same time.
                status, contents = guest.ask('/figures')
                self.assertEqual(status, 200)
                figures = json.loads(contents)
                self.assertGreaterEqual(figures['blocks'], before[0])
                self.assertTrue(figures['costs'] and figures['hostCode'])
                self.assertEqual(browser.complaints(), [])
            # It is gone, amid its questions perhaps.
            self.ends_well(guest)

    def test_the_page_says_when_the_guest_has_ended(self):
        with Guest() as guest, Browser() as browser:
            browser.open(guest.url)
            self.assertEqual(guest.end()[0], 1)
            browser.wait('return document.getElementById("status").textContent'
                         ' === "the guest has ended"')

    def test_blocks_come_in_pieces_from_anywhere(self):
        with Guest() as guest:
            count = json.loads(guest.ask('/figures')[1])['blocks']
            whole = json.loads(guest.ask('/blocks/0')[1])
            self.assertGreaterEqual(len(whole['blocks']), count)
            part = json.loads(guest.ask(f'/blocks/{count - 1}')[1])
            self.assertEqual(part['blocks'][0], whole['blocks'][count - 1])
            code = json.loads(guest.ask('/code/0')[1])
            self.assertEqual(len(code['instructions']), len(whole['blocks'][0][-1]) // 2)
            for path in (f'/code/{10**6}', '/code/-1', '/code/4294967296', '/code/', '/steps/x',
                         f'/blocks/{10**6}', '/../../etc/passwd', '/code/0/', '//', '/?x'):
                self.assertEqual(guest.ask(path)[0], 404, path)
            self.ends_well(guest)

    def test_pages_of_other_sites_get_nothing(self):
        with Guest() as guest:
            for host in ('evil.example', f'evil.example:{guest.port}', '127.0.0.1', '',
                         f'127.0.0.1:{guest.port + 1}', f'127.0.0.1:{guest.port}.evil.example'):
                self.assertEqual(guest.ask('/about', Host=host)[0], 403, host)
            for host in (f'127.0.0.1:{guest.port}', f'LOCALHOST:{guest.port}'):
                self.assertEqual(guest.ask('/about', Host=host)[0], 200, host)
            self.ends_well(guest)

    def test_garbage_gets_an_error_or_nothing(self):
        with Guest() as guest:
            host = f'Host: 127.0.0.1:{guest.port}\r\n'.encode()
            for request, status in (
                    (b'\r\n\r\n', b'400'), (b'GET\r\n\r\n', b'400'),
                    (b'\x00\xff\x16\x03\x01' * 99 + b'\r\n\r\n', b'400'),
                    (b'GET / HTTP/1.1\r\n\r\n', b'400'),
                    (b'GET / HTTP/1.1\r\n' + host + host + b'\r\n', b'400'),
                    (b'GET / HTTP/9.9\r\n' + host + b'\r\n', b'400'),
                    (b'GET relative HTTP/1.1\r\n' + host + b'\r\n', b'400'),
                    (b'GET / HTTP/1.1\r\n' + host + b'nocolon\r\n\r\n', b'400'),
                    (b'POST / HTTP/1.1\r\n' + host + b'\r\n', b'405'),
                    (b'GET / HTTP/1.1\r\n' + host + b'Content-Length: 5\r\n\r\nhello', b'400'),
                    (b'GET / HTTP/1.1\r\n' + host + b'Transfer-Encoding: chunked\r\n\r\n', b'400'),
                    (b'A' * MAX_REQUEST_BYTES, b'431')):
                answer = guest.send(request)
                self.assertTrue(answer.startswith(b'HTTP/1.1 ' + status), (request[:40], answer))
            self.assertEqual(guest.send(b'GET / HTT'), b'')
            head = guest.send(b'HEAD / HTTP/1.1\r\n' + host + b'\r\n', closes=False)
            self.assertTrue(head.startswith(b'HTTP/1.1 200') and head.endswith(b'\r\n\r\n'))
            self.ends_well(guest)

    def test_peers_that_say_nothing_or_read_nothing_do_not_hold_the_guest(self):
        with Guest() as guest:
            peers = [socket.create_connection(('127.0.0.1', guest.port))
                     for _ in range(MAX_CONNECTIONS)]
            for peer in peers[::2]:
                peer.sendall(f'GET / HTTP/1.1\r\nHost: 127.0.0.1:{guest.port}\r\n\r\n'.encode())
            self.assertEqual(guest.echo(b'hello'), b'hello')
            for peer in peers:
                peer.close()
            self.assertEqual(guest.ask('/about')[0], 200)
            self.ends_well(guest)

    def test_it_listens_on_this_host_only(self):
        for address in ('0.0.0.0:80', '192.168.0.1:80', 'localhost', '[::]:80', '127.0.0.1',
                        '127.0.0.1:', '70000', 'x'):
            result = subprocess.run([VERBATIM, 'run', '--kernel', TALKER, '--explore=' + address],
                                    stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                    timeout=PATIENCE_SECONDS, check=False)
            self.assertEqual(result.returncode, 2, address)
            self.assertRegex(result.stderr, r'\Averbatim: --explore [^\n]*expected PORT[^\n]*\n\Z')
        with Guest() as guest:
            result = subprocess.run([VERBATIM, 'run', '--kernel', TALKER,
                                     f'--explore={guest.port}'],
                                    stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                    timeout=PATIENCE_SECONDS, check=False)
            self.assertEqual(result.returncode, 2)
            self.assertIn('Address already in use', result.stderr)
            self.ends_well(guest)

    def test_a_trace_may_be_written_at_the_same_time(self):
        with tempfile.TemporaryDirectory() as folder:
            trace = os.path.join(folder, 'trace')
            with Guest('--explore', '--trace', 'irq,exits,exec=' + trace) as guest:
                self.assertGreater(json.loads(guest.ask('/figures')[1])['entries'], 10)
                self.ends_well(guest)
            self.assertGreater(os.path.getsize(trace), 1000)


if __name__ == '__main__':
    unittest.main()
