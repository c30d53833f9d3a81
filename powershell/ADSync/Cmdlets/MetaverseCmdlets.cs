using System;
using System.Linq;
using System.Management.Automation;
using Causeway.ADSync.Api;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Gets the synchronization rules.</summary>
/// <remarks>The rules are fixed. Each one shows which objects are in scope, how they are matched, and how their attributes are transformed. EnablePasswordSync shows whether the password hashes of these objects are sent now.</remarks>
/// <example>
/// <code>Get-ADSyncRule | Where-Object { $_.EnablePasswordSync }</code>
/// <para>Shows the rules whose objects have their password hashes sent.</para>
/// </example>
/// <example>
/// <code>(Get-ADSyncRule | Where-Object { $_.Name -eq 'In from AD - User Join' }).ScopeFilter</code>
/// <para>Shows the conditions that a user must meet to be synchronized.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncRule")]
[OutputType(typeof(SynchronizationRule))]
public sealed class GetADSyncRule : ConnectCmdlet
{
    /// <summary>The rule's GUID. Default: all rules.</summary>
    [Parameter(Position = 0)]
    public Guid Identifier { get; set; }

    protected override void ProcessRecord()
    {
        var answer = Ask(null, "GET", new[] { "rules" });
        if (answer is null) return;
        var rules = Try(null, () => answer.Objects("rules").Select(SynchronizationRule.From).Where(rule => Identifier == Guid.Empty || rule.Identifier == Identifier).ToArray());
        if (rules is null) return;
        if (rules.Length == 0 && Identifier != Guid.Empty)
            WriteError(ErrorRecords.From(new ConnectException("no-such-rule", $"there is no rule {Identifier:D}: Get-ADSyncRule lists them", null, 404), Identifier));
        WriteObject(rules, true);
    }
}

/// <summary>Gets a user or group as it should be in the tenant.</summary>
/// <remarks>Shows the attributes that Connect computes from a forest's object, and the connectors that the object comes from and goes to. If the object is not synchronized, the cmdlet returns an error with the reason.</remarks>
/// <example>
/// <code>Get-ADSyncCSObject corp.example.com 'CN=Alice Example,OU=People,DC=corp,DC=example,DC=com' | Get-ADSyncMVObject</code>
/// <para>Gets one user.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncMVObject")]
[OutputType(typeof(MVObject))]
public sealed class GetADSyncMVObject : ConnectCmdlet
{
    /// <summary>The object's GUID. An object from a connector space has it as ConnectedMVObjectId.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("ConnectedMVObjectId")]
    public Guid Identifier { get; set; }

    protected override void ProcessRecord() => Emit(Identifier, MVObject.From, new[] { "metaverse", Identifier.ToString("D") });
}
