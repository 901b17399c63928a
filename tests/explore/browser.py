# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium over the WebDriver protocol (W3C WebDriver), as far as the tests need it."""

import json
import os
import re
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

PATIENCE_SECONDS = 60
ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'  # W3C WebDriver, 12.1
FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
         '--disable-background-networking', '--disable-component-update', '--disable-sync',
         '--disable-dev-shm-usage', '--window-size=1600,1000']


class Browser:
    """`with Browser() as browser`."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.driver = subprocess.Popen(['chromedriver', '--port=0'], stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True)
        self.url = self.wait_for_driver()
        options = {'args': FLAGS + ['--user-data-dir=' + self.folder.name]}
        session = self.call('POST', '/session', {'capabilities': {'alwaysMatch': {
            'browserName': 'chrome', 'goog:chromeOptions': options,
            'goog:loggingPrefs': {'browser': 'ALL'}}}})
        self.url += '/session/' + session['sessionId']
        return self

    def wait_for_driver(self):
        for line in self.driver.stdout:
            if started := re.search(r'started successfully on port (\d+)', line):
                return 'http://127.0.0.1:' + started[1]
        raise RuntimeError('chromedriver did not start')

    def __exit__(self, *_):
        try:
            self.call('DELETE', '')
        except (OSError, RuntimeError):
            pass  # it was closed before
        self.driver.terminate()
        self.driver.wait(PATIENCE_SECONDS)
        self.driver.stdout.close()
        self.folder.cleanup()

    def call(self, method, path, body=None):
        data = None if method != 'POST' else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.url + path, data, method=method,
                                         headers={'Content-Type': 'application/json'})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                return json.load(answer)['value']
        except urllib.error.HTTPError as error:
            raise RuntimeError(f'{path}: {error.read().decode()}') from error

    def open(self, url):
        """The page, with all its blocks."""
        self.call('POST', '/url', {'url': url})
        self.wait('return document.body.dataset.ready === "true"')

    def run(self, script, *arguments):
        return self.call('POST', '/execute/sync', {'script': script, 'args': list(arguments)})

    def run_async(self, script, *arguments):
        """What the script gives to the function that is its last argument."""
        return self.call('POST', '/execute/async', {'script': script, 'args': list(arguments)})

    def wait(self, script, *arguments):
        """What the script gives once that is true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if value := self.run(script, *arguments):
                return value
            time.sleep(0.02)
        raise AssertionError(f'never came: {script}; the page says: '
                             + self.run('return document.body.innerText')[:300])

    def element(self, selector):
        return self.call('POST', '/element', {'using': 'css selector', 'value': selector})[ELEMENT]

    def click(self, selector):
        self.call('POST', f'/element/{self.element(selector)}/click')

    def type(self, selector, text):
        """Over what stands there."""
        self.call('POST', f'/element/{self.element(selector)}/clear')
        self.call('POST', f'/element/{self.element(selector)}/value', {'text': text})

    def complaints(self):
        """What the console of the browser has been told since the last call."""
        log = self.call('POST', '/se/log', {'type': 'browser'})
        return [entry['message'] for entry in log]

    def picture(self, path):
        import base64
        with open(path, 'wb') as file:
            file.write(base64.b64decode(self.call('GET', '/screenshot')))


def available():
    return all(any(os.access(os.path.join(folder, name), os.X_OK)
                   for folder in os.environ['PATH'].split(':'))
               for name in ('chromedriver', 'chromium'))
