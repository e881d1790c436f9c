// A tab in the background counts as looked at: else nothing in it could be clicked (measured with Chromium 156).
module.exports.default = async ({ page }) => {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setFocusEmulationEnabled', { enabled: true });
};
