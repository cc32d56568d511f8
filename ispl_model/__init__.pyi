from .restoration.restorer import load_restorer as load_restorer

__version__: str
