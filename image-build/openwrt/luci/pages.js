'use strict';
'require uci';
'require view';

// The household's pages are the agent's own, with rights of their own: this only leads there.
return view.extend({
	load: function() {
		return uci.load('stairgate');
	},

	render: function() {
		var port = uci.get('stairgate', 'web', 'http_port') || '8080';
		if (uci.get('stairgate', 'web', 'enabled') === '0' || port === '0')
			return E('p', {}, _('The pages are switched off in /etc/config/stairgate.'));
		var host = window.location.hostname;
		var address = 'http://%s:%s/'.format(host.indexOf(':') < 0 ? host : '[' + host.replace(/[\[\]]/g, '') + ']', port);
		return E('div', {}, [
			E('h2', {}, 'Stairgate'),
			E('p', {}, _('Who may do what, and when, is decided on the household\'s own pages.')),
			E('p', {}, E('a', { 'class': 'cbi-button cbi-button-action', 'href': address }, address)),
			E('p', {}, _('The first guardian needs a code: `stairgate code` prints one on the router.'))
		]);
	},

	handleSave: null,
	handleSaveApply: null,
	handleReset: null
});
