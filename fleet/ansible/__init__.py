"""Ansible inventories, read as Ansible reads them and written as ours: `fleet import ansible`."""
