using System.Management.Automation.Runspaces;

namespace Causeway.PowerShellHost;

internal static class Session
{
    /// <summary>The engine with its core cmdlets and, of the utilities that a real PowerShell brings, New-Object alone.</summary>
    public static InitialSessionState Create()
    {
        var state = InitialSessionState.CreateDefault2();
        state.Commands.Add(new SessionStateCmdletEntry("New-Object", typeof(NewObjectCommand), null));
        return state;
    }
}
